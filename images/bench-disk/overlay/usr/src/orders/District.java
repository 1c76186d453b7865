package orders;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;

/** Customers, and the orders that wait for their delivery. */
final class District {
  private static final int CUSTOMERS = 100;

  private final int number;
  private final Customer[] customers = new Customer[CUSTOMERS];
  /** By name: several may have one. */
  private final TreeMap<String, ArrayDeque<Customer>> byName = new TreeMap<>();
  /** By number. */
  private final TreeMap<Integer, Order> undelivered = new TreeMap<>();
  private int nextOrder = 1;
  private int delivered;
  private long paidCents;

  District(int number, Dice dice) {
    this.number = number;
    for (int index = 0; index < CUSTOMERS; index++) {
      Customer customer = new Customer(index, dice.name(dice.below(60)));
      customers[index] = customer;
      byName.computeIfAbsent(customer.name(), name -> new ArrayDeque<>()).add(customer);
    }
  }

  int number() {
    return number;
  }

  Customer anyCustomer(Dice dice) {
    return customers[dice.uneven(CUSTOMERS)];
  }

  /** The one in the middle of those who have the next name that there is, as a clerk picks one. */
  Customer byName(String name) {
    Map.Entry<String, ArrayDeque<Customer>> found = byName.ceilingEntry(name);
    if (found == null) found = byName.firstEntry();
    int steps = found.getValue().size() / 2;
    for (Customer customer : found.getValue()) if (steps-- == 0) return customer;
    throw new IllegalStateException("nobody is called " + found.getKey());
  }

  synchronized int enter(Customer customer, Order.Line[] lines) {
    Order order = new Order(nextOrder++, customer, lines);
    undelivered.put(order.number(), order);
    customer.ordered(order);
    return order.number();
  }

  /** The oldest that waits; null: none does. */
  synchronized Order deliver() {
    Map.Entry<Integer, Order> oldest = undelivered.pollFirstEntry();
    if (oldest == null) return null;
    delivered++;
    Order order = oldest.getValue();
    order.customer().delivered(order);
    return order;
  }

  /** Of the newest orders, those that wait included. */
  synchronized Order[] newest(int count) {
    return undelivered.descendingMap().values().stream().limit(count).toArray(Order[]::new);
  }

  synchronized void addPaid(long cents) {
    paidCents += cents;
  }

  synchronized long paidCents() {
    return paidCents;
  }

  synchronized void audit() {
    if (delivered + undelivered.size() != nextOrder - 1) {
      throw new IllegalStateException("district " + number + " has lost an order");
    }
  }
}
