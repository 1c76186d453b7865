package orders;

import java.util.HashSet;
import java.util.Set;

/** Does one operation after the other at a warehouse, in the mix that SPECjbb2005 has from TPC-C. */
final class Terminal implements Runnable {
  private static final int LINES_MIN = 5;
  private static final int LINES_MAX = 15;
  private static final int DELIVERED_AT_ONCE = 11;
  private static final int LOW_STOCK = 20;

  private final Company company;
  private final Warehouse home;
  private final Dice dice;
  /** Written by this terminal's thread alone. */
  private volatile long operations;
  /** Of all that it wrote for people, so that none of it can be left out. */
  private volatile int written;

  Terminal(Company company, Warehouse home, Dice dice) {
    this.company = company;
    this.home = home;
    this.dice = dice;
  }

  /** Done so far. */
  long operations() {
    return operations;
  }

  @Override
  public void run() {
    for (long done = 1; ; done++) {
      written += operate(dice.below(24)).hashCode();
      operations = done;
    }
  }

  private String operate(int chosen) {
    if (chosen < 10) return enterOrder();
    if (chosen < 20) return takePayment();
    return switch (chosen) {
      case 20 -> tellOrder();
      case 21 -> deliver();
      case 22 -> countLowStock();
      default -> home.anyDistrict(dice).anyCustomer(dice).report();
    };
  }

  private String enterOrder() {
    Catalogue catalogue = company.catalogue();
    District district = home.anyDistrict(dice);
    Customer customer = district.anyCustomer(dice);
    Order.Line[] lines = new Order.Line[dice.between(LINES_MIN, LINES_MAX)];
    StringBuilder receipt = new StringBuilder(customer.name());
    for (int index = 0; index < lines.length; index++) {
      Catalogue.Item item = catalogue.find(catalogue.codeOf(dice.uneven(catalogue.size())));
      Warehouse supplier = company.warehouseNear(home, dice);
      int quantity = dice.between(1, 10);
      int left = supplier.take(item.number(), quantity);
      lines[index] = new Order.Line(item, quantity, supplier.number());
      receipt.append('\n').append(item.code()).append(' ').append(quantity).append(" of ").append(left);
    }
    return receipt.append("\norder ").append(district.enter(customer, lines)).toString();
  }

  private String takePayment() {
    Warehouse warehouse = company.warehouseNear(home, dice);
    District district = warehouse.anyDistrict(dice);
    boolean known = dice.percent(40);
    Customer customer =
        known ? district.anyCustomer(dice) : district.byName(dice.name(dice.below(1_000)));
    long cents = dice.between(100, 500_000);
    warehouse.pay(district, customer, cents);
    return "from " + customer.name() + " of district " + district.number() + ": " + cents;
  }

  private String tellOrder() {
    Order order = home.anyDistrict(dice).anyCustomer(dice).latestOrder();
    if (order == null) return "none";
    StringBuilder text = new StringBuilder();
    order.describe(text);
    return text.toString();
  }

  /** A little faster than orders come in, ten for each time this is called: so none waits for ever. */
  private String deliver() {
    StringBuilder text = new StringBuilder();
    for (int count = 0; count < DELIVERED_AT_ONCE; count++) {
      Order order = home.anyDistrict(dice).deliver();
      if (order != null) text.append(order.number()).append(' ').append(order.cents()).append('\n');
    }
    return text.toString();
  }

  private String countLowStock() {
    Set<Integer> low = new HashSet<>();
    for (Order order : home.anyDistrict(dice).newest(20)) {
      for (Order.Line line : order.lines()) {
        int item = line.item().number();
        if (home.stockOf(item) < LOW_STOCK) low.add(item);
      }
    }
    return "low: " + low.size();
  }
}
