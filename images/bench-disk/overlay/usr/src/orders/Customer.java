package orders;

import java.util.ArrayDeque;

/** What a customer owes, and the latest that the customer did. */
final class Customer {
  /** Older ones are forgotten: so objects die old. */
  private static final int REMEMBERED = 8;

  private final int number;
  private final String name;
  private final ArrayDeque<Order> orders = new ArrayDeque<>(REMEMBERED + 1);
  private final ArrayDeque<Payment> payments = new ArrayDeque<>(REMEMBERED + 1);
  private long owedCents;

  private record Payment(long cents, String text) {}

  Customer(int number, String name) {
    this.number = number;
    this.name = name;
  }

  int number() {
    return number;
  }

  String name() {
    return name;
  }

  synchronized void ordered(Order order) {
    orders.addLast(order);
    if (orders.size() > REMEMBERED) orders.removeFirst();
  }

  synchronized void delivered(Order order) {
    order.setDelivered();
    owedCents += order.cents();
  }

  synchronized void pay(long cents) {
    owedCents -= cents;
    payments.addLast(new Payment(cents, name + " paid " + cents));
    if (payments.size() > REMEMBERED) payments.removeFirst();
  }

  /** Null: has not ordered yet. */
  synchronized Order latestOrder() {
    return orders.peekLast();
  }

  /** The account, as text. */
  synchronized String report() {
    StringBuilder text = new StringBuilder(name).append(" owes ").append(owedCents).append('\n');
    for (Payment payment : payments) text.append(payment.text()).append('\n');
    for (Order order : orders) order.describe(text);
    return text.toString();
  }
}
