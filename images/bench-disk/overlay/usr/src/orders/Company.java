package orders;

import java.util.ArrayList;
import java.util.List;

/** All warehouses. */
final class Company {
  private final Catalogue catalogue;
  private final List<Warehouse> warehouses = new ArrayList<>();

  Company(Catalogue catalogue, int count, long seed) {
    this.catalogue = catalogue;
    for (int number = 0; number < count; number++) {
      warehouses.add(new Warehouse(number, catalogue, new Dice(seed + number)));
    }
  }

  Catalogue catalogue() {
    return catalogue;
  }

  List<Warehouse> warehouses() {
    return warehouses;
  }

  /** Mostly `home`, now and then any. */
  Warehouse warehouseNear(Warehouse home, Dice dice) {
    return dice.percent(99) ? home : warehouses.get(dice.below(warehouses.size()));
  }

  /** Throws when the books of a warehouse do not balance. */
  void audit() {
    for (Warehouse warehouse : warehouses) warehouse.audit();
  }
}
