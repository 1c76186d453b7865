package orders;

import java.util.ArrayList;
import java.util.List;

/**
 * A wholesaler's business, run in memory: warehouses, each with districts, customers and stock, and one terminal each that enters
 * orders and payments, has orders delivered, and asks. In the spirit of SPECjbb2005, whose place it has in the benchmark: what it
 * costs is compiled code, small objects that die young or after a while, hash tables, trees, text, and the garbage collector.
 *
 *   java orders.Orders WAREHOUSES SEED
 *
 * Prints "operations N" four times a second: how many were done since the start. Ends with status 1 when the books do not balance,
 * and when nobody reads what it prints.
 */
public final class Orders {
  private static final int ITEMS = 10_000;
  private static final long TELL_MS = 250;
  /** Behind each of so many lines the books are checked. */
  private static final int LINES_PER_AUDIT = 8;

  private Orders() {}

  public static void main(String[] arguments) throws InterruptedException {
    int warehouses = Integer.parseInt(arguments[0]);
    long seed = Long.parseLong(arguments[1]);
    Company company = new Company(new Catalogue(ITEMS, seed), warehouses, seed);
    List<Terminal> terminals = new ArrayList<>();
    for (Warehouse warehouse : company.warehouses()) {
      terminals.add(new Terminal(company, warehouse, new Dice(seed * 31 + warehouse.number())));
    }
    for (Terminal terminal : terminals) start(terminal);
    for (int line = 1; ; line++) {
      Thread.sleep(TELL_MS);
      System.out.println("operations " + operationsOf(terminals));
      if (System.out.checkError()) System.exit(1);
      if (line % LINES_PER_AUDIT == 0) company.audit();
    }
  }

  private static long operationsOf(List<Terminal> terminals) {
    long operations = 0;
    for (Terminal terminal : terminals) operations += terminal.operations();
    return operations;
  }

  private static void start(Terminal terminal) {
    Thread thread = new Thread(terminal, "terminal");
    thread.setUncaughtExceptionHandler(
        (failed, error) -> {
          error.printStackTrace();
          System.exit(1);
        });
    thread.setDaemon(true);
    thread.start();
  }
}
