package orders;

/** Districts and a stock of everything. Shared by terminals: what changes is guarded by the object that holds it. */
final class Warehouse {
  private static final int DISTRICTS = 10;
  private static final int STOCK_START = 100;
  /** What is ordered when a stock runs out. */
  private static final int REFILL = 91;

  private final int number;
  private final District[] districts = new District[DISTRICTS];
  private final int[] stock;
  private long paidCents;

  Warehouse(int number, Catalogue catalogue, Dice dice) {
    this.number = number;
    stock = new int[catalogue.size()];
    java.util.Arrays.fill(stock, STOCK_START);
    for (int index = 0; index < DISTRICTS; index++) {
      districts[index] = new District(index, dice);
    }
  }

  int number() {
    return number;
  }

  District anyDistrict(Dice dice) {
    return districts[dice.below(DISTRICTS)];
  }

  /** Returns what is left. */
  synchronized int take(int item, int quantity) {
    int left = stock[item] - quantity;
    if (left < 10) left += REFILL;
    stock[item] = left;
    return left;
  }

  synchronized int stockOf(int item) {
    return stock[item];
  }

  /** Both books in one step. */
  synchronized void pay(District district, Customer customer, long cents) {
    paidCents += cents;
    district.addPaid(cents);
    customer.pay(cents);
  }

  synchronized void audit() {
    long paidInDistricts = 0;
    for (District district : districts) paidInDistricts += district.paidCents();
    if (paidInDistricts != paidCents) {
      throw new IllegalStateException(
          "warehouse " + number + " was paid " + paidCents + ", its districts " + paidInDistricts);
    }
    for (District district : districts) district.audit();
  }
}
