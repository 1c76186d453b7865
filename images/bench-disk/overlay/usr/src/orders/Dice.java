package orders;

import java.util.SplittableRandom;

/** What happens by chance; the same for the same seed. */
final class Dice {
  private static final String[] SYLLABLES = {
    "bar", "ought", "able", "pri", "pres", "ese", "anti", "cally", "ation", "eing"
  };

  private final SplittableRandom random;

  Dice(long seed) {
    random = new SplittableRandom(seed);
  }

  /** From 0 to below `count`. */
  int below(int count) {
    return random.nextInt(count);
  }

  int between(int least, int most) {
    return random.nextInt(least, most + 1);
  }

  /** As below, but some come up far more often than others, as customers and goods do. */
  int uneven(int count) {
    int often = random.nextInt(count) & random.nextInt(Integer.highestOneBit(count) << 1);
    return (often + count / 3) % count;
  }

  boolean percent(int chance) {
    return random.nextInt(100) < chance;
  }

  /** One of a thousand, made of three syllables. */
  String name(int number) {
    return SYLLABLES[number / 100 % 10] + SYLLABLES[number / 10 % 10] + SYLLABLES[number % 10];
  }
}
