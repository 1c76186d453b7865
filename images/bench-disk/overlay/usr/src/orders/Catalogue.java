package orders;

import java.util.HashMap;
import java.util.Map;

/** What can be ordered, by the code that is printed on it. */
final class Catalogue {
  /** @param cents of one piece */
  record Item(int number, String code, String name, long cents) {}

  private final Map<String, Item> byCode = new HashMap<>();
  private final String[] codes;

  Catalogue(int count, long seed) {
    Dice dice = new Dice(seed);
    codes = new String[count];
    for (int number = 0; number < count; number++) {
      String code = "item-" + (100_000 + number);
      codes[number] = code;
      byCode.put(code, new Item(number, code, dice.name(number), dice.between(100, 10_000)));
    }
  }

  int size() {
    return codes.length;
  }

  String codeOf(int number) {
    return codes[number];
  }

  Item find(String code) {
    Item item = byCode.get(code);
    if (item == null) throw new IllegalArgumentException("there is no " + code);
    return item;
  }
}
