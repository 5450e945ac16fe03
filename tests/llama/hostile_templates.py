"""Chat templates that a malicious model file could hold, and what becomes of a process that meets one."""

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass

from localtopics.errors import UserError
from localtopics.llama.chat import Frame, Message

R = "range(99999)"
NESTED = "".join(f"{{% for {name} in {R} %}}" for name in "abcdef")
ENDED = "{% endfor %}" * 6
AGAIN = "{% for i in range(64) %}"
DIALOG = [
    Message("system", "You name topics."),
    Message("user", "An example"),
    Message("assistant", "A name"),
    Message("user", "Name [X] now"),
]

TEMPLATES = {
    # time without end
    "nested loops": NESTED + ENDED,
    "nested loops that write": NESTED + "x" + ENDED,
    "nested loops with spaces": NESTED + " " + ENDED,
    "a loop over the dialog in a nest": "{% for m in messages %}" + NESTED + ENDED + "{% endfor %}",
    "nested loops in a macro": "{% macro f() %}" + NESTED + ENDED + "{% endmacro %}{{ f() }}",
    "nested loops in a filter block": "{% filter upper %}" + NESTED + ENDED + "{% endfilter %}",
    "nested loops under set": "{% set text %}" + NESTED + "x" + ENDED + "{% endset %}{{ text }}",
    "a namespace that doubles": "{% set n = namespace(s='x') %}"
    + AGAIN
    + "{% set n.s = n.s + n.s %}{% endfor %}",
    "a number that is squared": "{% set n = namespace(i=9) %}"
    + AGAIN
    + "{% set n.i = n.i * n.i %}{% endfor %}",
    "a power": "{{ 9 ** (9 ** 9) }}",
    "a power as text": "{{ (7 ** 4000000) | string }}",
    "a remainder of a power": "{{ (3 ** 30000000) % 7 }}",
    "a recursive loop": "{% for a in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
    "a recursive macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "macros that call each other twice": "".join(
        f"{{% macro f{n}() %}}{{{{ f{n + 1}() }}}}{{{{ f{n + 1}() }}}}{{% endmacro %}}" for n in range(60)
    )
    + "{% macro f60() %}{% endmacro %}{{ f0() }}",
    "a caller within a caller": "{% macro f() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call f() %}" * 30
    + "x"
    + "{% endcall %}" * 30,
    "a sum over sums": f"{{% for a in {R} %}}{{{{ {R} | sum }}}}{{% endfor %}}",
    "a product of sorts": f"{{% for a in {R} %}}{{{{ {R} | sort | unique | list | length }}}}{{% endfor %}}",
    "words that are wrapped": "{{ ('x ' * 40000000) | wordwrap(1) }}",
    "addresses in a long text": "{{ ('www.a.b ' * 9000000) | urlize }}",
    "tags in a long text": "{{ ('<' * 90000000) | striptags }}",
    "replacing without end": "{{ ('x' * 20000) | replace('x', 'x' * 20000) }}",
    # memory without end
    "a repeated text": "{{ 'x' * 10 ** 9 }}",
    "a repeated text of ten gigabytes": "{{ ('x' * 10 ** 10) | length }}",
    "a repeated list": "{{ ([0] * 10 ** 9) | length }}",
    "a list of lists": "{% set n = namespace(s=[0]) %}" + AGAIN + "{% set n.s = n.s + n.s %}{% endfor %}",
    "a width of the old format": "{{ '%999999999d' | format(1) }}",
    "a width of the old operator": "{{ '%0999999999d' % 1 }}",
    "a width of the new format": "{{ '{:>9999999999}'.format(1) }}",
    "digits of a float": "{{ '%.2000000000f' | format(1.5) }}",
    "centred": "{{ 'x' | center(2000000000) }}",
    "justified": "{{ 'x'.ljust(2000000000) }}",
    "filled with zeros": "{{ '1'.zfill(2000000000) }}",
    "tabs": "{{ ('\t' * 10000).expandtabs(1000000) }}",
    "indented": "{{ ('\n' * 100000) | indent(100000, true, true) }}",
    "joined": f"{{{{ {R} | join('x' * 100000) }}}}",
    "in batches": "{{ [1] | batch(900000000, 'x') | list | length }}",
    "in slices": "{{ [1] | slice(900000000) | list | length }}",
    "as indented JSON": "{{ messages | tojson(indent=900000000) }}",
    "as pretty text": f"{{{{ ([{R} | list] * 5000) | pprint }}}}",
    "random words": "{{ lipsum(n=1000000, max=1000) }}",
    "a dictionary": f"{{% set n = namespace(d={{}}) %}}{{% for a in {R} %}}{{% for b in {R} %}}"
    "{% set n.d = dict(n.d, **{a ~ '': 'x' * 10000}) %}{% endfor %}{% endfor %}",
    "a list that holds itself": "{% set n = namespace(l=[]) %}"
    + AGAIN
    + "{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}",
    "characters beyond the BMP": "{{ '\U0001f642' * 300000000 }}",
    "letters that grow": "{{ ('ﷺ' * 100000000) | upper | lower | title }}",
    "letters escaped": "{{ ('\"' * 100000000) | escape | forceescape }}",
    "an error as long as memory": "{{ raise_exception('x' * 10 ** 9) }}",
    # the parser
    "deep brackets": "{{ " + "(" * 100000 + "1" + ")" * 100000 + " }}",
    "deep lists": "{{ " + "[" * 3000 + "]" * 3000 + " }}",
    "deep conditions": "{% if 1 %}" * 5000 + "{% endif %}" * 5000,
    "deep loops": "{% for a in [1] %}" * 60 + "{% endfor %}" * 60,
    "deep signs": "{{ " + "-" * 100000 + "1 }}",
    "deep nots": "{{ " + "not " * 50000 + "1 }}",
    "a chain of filters": "{{ 1" + "|string" * 50000 + " }}",
    "a chain of sums": "{{ 1" + "+1" * 50000 + " }}",
    "a long number": "{{ " + "9" * 500000 + " }}",
    "folded constants": "{{ 'x' * 99999 * 99999 }}",
    "a template of 50 MB": "{{ 1 }}" * 7_000_000,
    "a comment of 50 MB": "{# " + "x" * 50_000_000 + " #}",
    "never closed": "{% for message in messages %}" + "{{ message" * 1000,
    # out of the sandbox
    "subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "the globals of cycler": "{{ cycler.__init__.__globals__.os.system('true') }}",
    "the globals of joiner": "{{ joiner.__init__.__globals__['os'].popen('id').read() }}",
    "the globals of lipsum": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "the globals of namespace": "{{ namespace.__init__.__globals__ }}",
    "attributes by filter": "{{ '' | attr('__class__') | attr('__mro__') }}",
    "attributes by map": "{{ [''] | map(attribute='__class__.__mro__') | list }}",
    "attributes by format": "{{ '{0.__class__.__init__.__globals__}'.format(raise_exception) }}",
    "the code of a function": "{{ raise_exception.__code__.co_consts }}",
    "the template itself": "{{ self.__init__.__globals__ }}",
    "an import": "{% import 'os' as os %}{{ os.system('true') }}",
    "an inclusion": "{% include '/etc/passwd' %}",
    "a changed dialog": "{{ messages.clear() }}",
    # nothing that could be asked
    "nothing": "",
    "silence": "{% for message in messages %}{% endfor %}",
    "an error": "{{ raise_exception('\x1b[2J no\n\u202e') }}",
    "an unknown name": "{{ nothing.at.all }}",
    "only itself": "{{ 'x' * 1000 }}",
    "too much of it": "{{ 'x' * 300000 }}{% for m in messages %}{{ m.content }}{% endfor %}",
    "the dialog again and again": AGAIN + "{% for m in messages %}{{ m.content }}{% endfor %}{% endfor %}",
}


@dataclass(frozen=True)
class Letters:
    """A vocabulary whose tokens are letters."""

    chat_template: str
    architecture: str = "gpt2"
    family: str = "gpt2"
    bos: int | None = None
    eos: int | None = None
    opens: bool = False
    granularity: int = 1

    def encode(self, text: str, *, special: bool) -> list[int]:
        return list(map(ord, text))

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        return "".join(map(chr, tokens))

    def piece(self, token: int) -> bytes:
        return chr(token).encode()


@dataclass(frozen=True)
class Outcome:
    """How a prompt with a template came out."""

    name: str
    said: str | None
    """The user's sentence; None where the template was used."""
    seconds: float
    bytes: int
    """The most memory that a process which this one started has taken so far."""


def outcome(name: str) -> Outcome:
    start, said = time.monotonic(), None
    try:
        Frame(DIALOG, ("[X]",), Letters(TEMPLATES[name]))
    except UserError as error:
        said = str(error)
    seconds = time.monotonic() - start
    kibibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return Outcome(name, said, seconds, kibibytes * 1024)
