package orders;

/** Lines that a customer ordered at once. */
final class Order {
  record Line(Catalogue.Item item, int quantity, int supplier) {
    long cents() {
      return item.cents() * quantity;
    }
  }

  private final int number;
  private final Customer customer;
  private final Line[] lines;
  private volatile boolean delivered;

  Order(int number, Customer customer, Line[] lines) {
    this.number = number;
    this.customer = customer;
    this.lines = lines;
  }

  int number() {
    return number;
  }

  Customer customer() {
    return customer;
  }

  Line[] lines() {
    return lines;
  }

  void setDelivered() {
    delivered = true;
  }

  long cents() {
    long cents = 0;
    for (Line line : lines) cents += line.cents();
    return cents;
  }

  /** Appends a line of text for each of its own. */
  void describe(StringBuilder text) {
    text.append("order ").append(number).append(delivered ? " delivered" : " waits").append('\n');
    for (Line line : lines) {
      text.append("  ").append(line.quantity()).append(" x ").append(line.item().name());
      text.append(" at ").append(line.item().cents()).append(" = ").append(line.cents()).append('\n');
    }
  }
}
