"""Works through modules of Python's own library; prints a digest of what came of each. Argument: how many modules."""

import ast
import collections
import decimal
import difflib
import hashlib
import io
import json
import sys
import tokenize

MODULES = (
    "textwrap heapq shlex calendar difflib configparser statistics fractions "
    "random tokenize string zipfile csv copy dis gettext"
).split()


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def names_in(tree):
    names = collections.Counter()
    depth_max = 0
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        depth_max = max(depth_max, depth)
        names[type(node).__name__] += 1
        if isinstance(node, ast.Name):
            names[node.id] += 1
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return depth_max, sorted(names.items(), key=lambda item: (-item[1], item[0]))


def work_through(source):
    tree = ast.parse(source)
    again = ast.unparse(tree)
    depth, names = names_in(ast.parse(again))
    tokens = [(token.type, token.string) for token in tokenize.generate_tokens(io.StringIO(source).readline)]
    code = compile(tree, "module", "exec")
    data = {"depth": depth, "names": names, "tokens": tokens[:4000], "constants": len(code.co_consts)}
    text = json.dumps(data, sort_keys=True, indent=1)
    assert json.loads(text)["depth"] == depth
    changed = difflib.unified_diff(source.splitlines()[:150], again.splitlines()[:150], lineterm="")
    return digest(again), digest(text), digest("\n".join(changed))


class Body:
    def __init__(self, place, speed, mass):
        self.place = place
        self.speed = speed
        self.mass = mass


def move(bodies, steps):
    """Bodies that attract each other; additions, products and one division, so that every right CPU rounds alike."""
    for _ in range(steps):
        for one in bodies:
            for other in bodies:
                if one is other:
                    continue
                away = [b - a for a, b in zip(one.place, other.place)]
                pull = other.mass / (1.0 + sum(x * x for x in away))
                one.speed = [v + x * pull * 0.01 for v, x in zip(one.speed, away)]
        for body in bodies:
            body.place = [p + v * 0.01 for p, v in zip(body.place, body.speed)]
    return [number.hex() for body in bodies for number in body.place]


def pi(digits):
    decimal.getcontext().prec = digits + 5

    def arctan_of_inverse(x):
        term = decimal.Decimal(1) / x
        total, n, sign = term, 1, 1
        while term > decimal.Decimal(10) ** -(digits + 3):
            term /= x * x
            n += 2
            sign = -sign
            total += sign * term / n
        return total

    return str(4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239)))[:digits]


def main():
    count = int(sys.argv[1])
    for name in MODULES[:count]:
        with open(f"{sys.prefix}/lib/python3.{sys.version_info.minor}/{name}.py", encoding="utf-8") as file:
            print(name, *work_through(file.read()))
    bodies = [Body([float(i), i * 0.5, -float(i)], [0.0, 0.1 * i, 0.0], 1.0 + i) for i in range(6)]
    print(digest(" ".join(move(bodies, 30 * count))))
    print(digest(pi(40 * count)))


main()
