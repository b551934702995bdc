"""Counts, for `tools/check --house`, how often an idea stands in the tree that is to stand once.

Each idea has a rule that looks at how code is made, not at what it is called: what a function
calls, which fields a struct has, which formula an expression is. ideas() records how many places
there may be today and how many there are to be; a count above the former is a breach.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
NOT_FUNCTIONS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "decltype", "alignas",
                 "__attribute__", "defined", "requires", "noexcept", "operator"}
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


@dataclass
class Block:
    """A function or a struct: its name, line, and what stands between its braces."""
    name: str
    line: int
    body: str
    parameters: str = ""


@dataclass
class Source:
    path: str
    text: str  # as it is
    code: str  # without comments and texts, at the same places

    def line(self, at: int) -> int:
        return self.code.count("\n", 0, at) + 1


def blanked(match: re.Match) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def read(root: Path, path: str) -> Source:
    text = (root / path).read_text(encoding="utf-8")
    return Source(path, text, COMMENT_OR_TEXT.sub(blanked, text))


def closing(code: str, at: int, pair: str) -> int:
    """Where the bracket that opens at `at` is closed, or the end."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] == pair[0]) - (code[i] == pair[1])
        if depth == 0:
            return i
    return len(code)


def functions(source: Source) -> Iterator[Block]:
    code = source.code
    end = 0
    for match in CALLED.finditer(code):
        if match.start() < end or match.group(1) in NOT_FUNCTIONS:
            continue
        after = closing(code, match.end() - 1, "()") + 1
        rest = re.compile(r"(?:\s*(?:const|noexcept|override|final)\b)*\s*(?::[^;{}]*(?:\{[^{}]*\}"
                          r"[^;{}]*)*)?\{").match(code, after)
        if rest is None or re.search(r"[=,(&|!+?]\s*$|\breturn\s*$", code[:match.start()][-40:]):
            continue
        end = closing(code, rest.end() - 1, "{}")
        yield Block(match.group(1), source.line(match.start()), code[rest.end():end],
                    code[match.end():after])


def structs(source: Source) -> Iterator[Block]:
    for match in re.finditer(r"\b(?:struct|class)\s+(\w+)[^;{}()=]*\{", source.code):
        body = source.code[match.end():closing(source.code, match.end() - 1, "{}")]
        yield Block(match.group(1), source.line(match.start()), re.sub(r"\{[^{}]*\}", "", body))


def functions_with(*patterns: str):
    """Functions in which each of the patterns is found."""
    def rule(source: Source):
        return [block for block in functions(source)
                if all(re.search(pattern, block.body) for pattern in patterns)]
    return rule


def tiles_of_products(source: Source):
    """Functions that add to vectors in rows and columns, by two variables, the products of both."""
    variable = r"\[(?!k[A-Z])[a-z]\w*\]"
    sum_of = rf"\w+{variable}{variable}"
    adds = re.compile(rf"\badd_product\({sum_of},|{sum_of} (?:=\s*[\w:]*fma\(|\+= [^;(){{]*\*)")
    return [block for block in functions(source)
            if re.search(r"\b(?:reg|Reg|VFloat|Floats)\b", block.parameters + block.body)
            and adds.search(block.body)]


def structs_with(*fields: str):
    """Structs that have a field for each of the patterns."""
    def rule(source: Source):
        return [block for block in structs(source)
                if all(re.search(rf"[\s,]{field}\w*\s*(?:=[^;,]*)?[;,]", block.body)
                       for field in fields)]
    return rule


def polynomials(source: Source):
    """Functions on vectors with the coefficients of a polynomial: five floats of several digits or
    quotients."""
    return [block for block in functions(source)
            if len(re.findall(r"\d\.\d{3,}(?:e-?\d+)?f|\d\.0f / \d", block.body)) >= 5]


def vector_types(source: Source):
    found = re.finditer(r"typedef float (\w+) __attribute__\(\(vector_size|using (\w+) = "
                        r"(?:__m(?:256|512);|float __attribute__\(\(vector_size)", source.text)
    return [Block(match.group(1) or match.group(2), source.line(match.start()), "")
            for match in found]


def cost_tables(source: Source):
    """Files with figures of their own by which time is estimated."""
    constant = r"^(?:static )?constexpr double (k\w+) ="
    figures = list(re.finditer(constant, source.code, re.MULTILINE))
    if len(figures) < 3:
        return []
    return [Block(figures[0].group(1), source.line(figures[0].start()), "")]


def operator_lists(names: set[str]):
    """Braces around three or more names of operators and nothing else."""
    def rule(source: Source):
        found = []
        for match in re.finditer(r'\{\s*("\w+"(?:,\s*"\w+")+,?)\s*\}', source.text):
            listed = re.findall(r'"(\w+)"', match.group(1))
            if len(listed) >= 3 and names.issuperset(listed):
                line = source.text.count("\n", 0, match.start()) + 1
                found.append(Block("{" + ", ".join(listed[:3]) + ", …", line, ""))
        return found
    return rule


@dataclass
class Idea:
    name: str
    folders: tuple[str, ...]
    rule: Callable[[Source], list[Block]]
    allowed: int
    target: int
    by_file: bool = False  # a header and its source, with all functions in them, are one place


EXTENT = r"dilations?(?:\[\w+\])?\s*\*\s*\(\s*[\w.]*kernel(?:\[\w+\])?\s*-\s*1\s*\)"
COUNT = r"\b(?:estimated_elements|element_count|count_of|kernel_volume|elements)\b"


def ideas(names: set[str]) -> list[Idea]:
    everywhere, kernels = ("ops", "runtime"), ("ops/kernels", "runtime/tensor")
    rewrites = ("ops/rewrites", "runtime/rewrite")
    return [
        Idea("operands brought into a kernel's form", everywhere,
             functions_with(r"\bmeets\(", r"\b(?:form_for|conversion_path|constant_in_form)\("),
             allowed=1, target=1),
        Idea("choosing a kernel", everywhere,
             functions_with(r"for \([^;)]*: [\w.>-]*kernels\)"), allowed=1, target=1),
        Idea("figures of cost", everywhere, cost_tables, allowed=1, target=1),
        Idea("vector types", kernels, vector_types, allowed=1, target=1),
        Idea("exp, tanh and other polynomials of vectors", kernels, polynomials, allowed=1,
             target=1, by_file=True),
        Idea("descriptions of a convolution", everywhere,
             structs_with("kernel", "stride", "dilation", "pad"), allowed=2, target=2),
        Idea("register tiles of a product", kernels, tiles_of_products, allowed=1, target=1,
             by_file=True),
        Idea("counting the work of a node", everywhere,
             functions_with(r"\bdouble\b", rf"{COUNT}[^;]*\*|\*[^;]*{COUNT}"), allowed=1, target=1,
             by_file=True),
        Idea("windows and their padding", everywhere, functions_with(EXTENT), allowed=1, target=1,
             by_file=True),
        Idea("what follows a sum", everywhere,
             structs_with("(?:activation|kind|name)", "alpha", "beta"), allowed=1, target=1),
        Idea("lists of operators in rewrites", rewrites, operator_lists(names), allowed=0,
             target=0),
    ]


def operator_names(sources: list[Source]) -> set[str]:
    """What ops/ spells in places that register operators."""
    texts = [source.text for source in sources
             if source.path.startswith("ops/") and not source.path.startswith("ops/rewrites/")]
    return {name for text in texts for name in re.findall(r'"([A-Z]\w+)"', text)}


def places(idea: Idea, sources: list[Source]) -> list[str]:
    """Where an idea stands, as `FILE:LINE name`, one for each place that counts."""
    inside = tuple(folder + "/" for folder in idea.folders)
    found = {}
    for source in sources:
        if source.path.startswith(inside):
            for block in idea.rule(source):
                place = (str(Path(source.path).with_suffix("")) if idea.by_file else
                         f"{source.path}:{block.line}")
                found.setdefault(place, f"{source.path}:{block.line} {block.name}")
    return list(found.values())


def breached(root: Path, paths: list[str]) -> bool:
    """Prints a line for each idea, and whether any stands in more places than it may."""
    sources = [read(root, path) for path in paths if path.startswith(("ops/", "runtime/"))]
    too_many = False
    for idea in ideas(operator_names(sources)):
        found = places(idea, sources)
        too_many = too_many or len(found) > idea.allowed
        print(f"{idea.name}: {len(found)} (allowed {idea.allowed}, to be {idea.target}): "
              + ", ".join(found))
    return too_many
