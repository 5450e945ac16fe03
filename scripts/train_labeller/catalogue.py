"""Beside stage 1: what Debian says of its packages, under the subjects that people have tagged them with.

Debian's tags (debtags) and descriptions are free by Debian's guidelines, but a description has the licence of
its package, which may be the GPL. So these groups are not joined to the others by themselves: `recipe.ADDED`
says which are.
"""

import lzma
import random
import re
from collections import defaultdict
from collections.abc import Iterator

from archives import fetch
from data import GroupRow, TextRow, add
from headed import draws, shortened
from recipe import SEED, added

RELEASE = "http://deb.debian.org/debian/dists/bookworm/main"
PACKAGES = "9e0b5aabb2465b3d2e7a7fe27f9913846277833f7a2826e7767acccff5b588c5"
DESCRIPTIONS = "a3d4a0bfd8e9242810b0885eda7c1a6e05dac15b333ddbaab03ba56f2dfa4bf0"
"""SHA-256 of the release's index files, which are found by it."""
MOST_DRAWS = 5
"""Groups of a subject."""
FEWEST_PACKAGES = 10
MOST_SUBJECTS = 2
"""Of a package that is about something; browsers and desktops have ten."""
SUBJECTS = {
    "accessibility::input": "Input Methods",
    "accessibility::ocr": "Optical Character Recognition",
    "accessibility::speech": "Speech Synthesis",
    "admin::automation": "Automation and Scheduling",
    "admin::backup": "Backup and Restoration",
    "admin::benchmarking": "Benchmarking",
    "admin::boot": "System Boot",
    "admin::cluster": "Cluster Computing",
    "admin::configuring": "System Configuration",
    "admin::file-distribution": "File Distribution",
    "admin::filesystem": "File Systems",
    "admin::forensics": "Forensics and Data Recovery",
    "admin::hardware": "Hardware Support",
    "admin::logging": "System Logging",
    "admin::login": "Login Management",
    "admin::monitoring": "System Monitoring",
    "admin::package-management": "Package Management",
    "admin::power-management": "Power Management",
    "admin::user-management": "User Management",
    "admin::virtualization": "Virtualization",
    "devel::buildtools": "Build Tools",
    "devel::code-generator": "Code Generation",
    "devel::compiler": "Compilers",
    "devel::debugger": "Debuggers",
    "devel::docsystem": "Documentation Systems",
    "devel::editor": "Source Code Editors",
    "devel::i18n": "Software Localization",
    "devel::ide": "Development Environments",
    "devel::interpreter": "Interpreters",
    "devel::profiler": "Profilers",
    "devel::rcs": "Version Control",
    "devel::testing-qa": "Software Testing",
    "field::arts": "Arts",
    "field::astronomy": "Astronomy",
    "field::biology:bioinformatics": "Bioinformatics",
    "field::biology:structural": "Structural Biology",
    "field::chemistry": "Chemistry",
    "field::electronics": "Electronics",
    "field::finance": "Personal Finance",
    "field::geography": "Geography and Maps",
    "field::linguistics": "Linguistics",
    "field::mathematics": "Mathematics",
    "field::medicine": "Medicine",
    "field::medicine:imaging": "Medical Imaging",
    "field::meteorology": "Weather",
    "field::physics": "Physics",
    "field::religion": "Religion",
    "field::statistics": "Statistics",
    "game::adventure": "Adventure Games",
    "game::arcade": "Arcade Games",
    "game::board": "Board Games",
    "game::board:chess": "Chess",
    "game::card": "Card Games",
    "game::fps": "First-Person Shooters",
    "game::platform": "Platform Games",
    "game::puzzle": "Puzzle Games",
    "game::rpg": "Role-Playing Games",
    "game::rpg:rogue": "Roguelike Games",
    "game::simulation": "Simulation Games",
    "game::strategy": "Strategy Games",
    "game::tetris": "Falling Block Games",
    "game::toys": "Desktop Toys",
    "hardware::camera": "Digital Cameras",
    "hardware::embedded": "Embedded Systems",
    "hardware::emulation": "Emulators",
    "hardware::gps": "Satellite Navigation",
    "hardware::hamradio": "Ham Radio",
    "hardware::input:joystick": "Joysticks",
    "hardware::input:keyboard": "Keyboards",
    "hardware::laptop": "Laptops",
    "hardware::modem": "Modems",
    "hardware::printer": "Printers",
    "hardware::storage:cd": "Compact Discs",
    "hardware::storage:dvd": "DVDs",
    "mail::filters": "Mail Filtering",
    "mail::smtp": "Mail Delivery",
    "mail::user-agent": "Mail Clients",
    "made-of::dictionary": "Dictionaries",
    "made-of::icons": "Icon Themes",
    "network::firewall": "Firewalls",
    "network::routing": "Network Routing",
    "network::scanner": "Network Scanning",
    "network::vpn": "Virtual Private Networks",
    "protocol::bittorrent": "File Sharing",
    "protocol::dns": "Domain Names",
    "protocol::ftp": "File Transfer",
    "protocol::irc": "Internet Relay Chat",
    "protocol::voip": "Internet Telephony",
    "science::plotting": "Plotting",
    "security::antivirus": "Virus Scanners",
    "security::authentication": "Authentication",
    "security::cryptography": "Cryptography",
    "security::ids": "Intrusion Detection",
    "security::log-analyzer": "Log Analysis",
    "security::privacy": "Privacy",
    "sound::midi": "MIDI",
    "sound::mixer": "Sound Mixers",
    "sound::player": "Music Players",
    "sound::recorder": "Sound Recording",
    "sound::sequencer": "Music Sequencers",
    "use::calculating": "Calculators",
    "use::chatting": "Chat and Instant Messaging",
    "use::compressing": "Data Compression",
    "use::downloading": "Download Managers",
    "use::learning": "Educational Software",
    "use::measuring": "Measurement",
    "use::printing": "Printing",
    "use::synchronizing": "File Synchronization",
    "use::timekeeping": "Clocks and Timers",
    "use::typesetting": "Typesetting",
    "web::blog": "Blogs",
    "web::browser": "Web Browsers",
    "web::forum": "Web Forums",
    "web::server": "Web Servers",
    "web::wiki": "Wikis",
    "works-with::3dmodel": "3D Models",
    "works-with::archive": "File Archives",
    "works-with::bugs": "Bug Tracking",
    "works-with::font": "Fonts",
    "works-with::image:raster": "Image Editing",
    "works-with::image:vector": "Vector Graphics",
    "works-with::music-notation": "Music Notation",
    "works-with::people": "Address Books",
    "works-with::spreadsheet": "Spreadsheets",
    "works-with::video": "Video",
    "x11::screensaver": "Screen Savers",
    "x11::terminal": "Terminal Emulators",
    "x11::theme": "Desktop Themes",
    "x11::window-manager": "Window Managers",
}
"""Tags that say what a package is about, and the words that a person would put over such packages."""
_ABOUT_PACKAGING = re.compile(
    r"^(this|the|a) (meta|dummy|transitional)?-?package|^it (contains|provides)|"
    r"^this (is a|contains|provides)|"
    r"debian|transitional|metapackage|https?:|^homepage|^features",
    re.I,
)


def stanzas(path_text: str) -> Iterator[dict[str, str]]:
    """The paragraphs of an index of packages: field to value, the lines joined."""
    for stanza in path_text.split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.split("\n"):
            if line.startswith(" "):
                fields[name] += f"\n{line[1:]}"
            elif ": " in line:
                name, _, fields[name] = line.partition(": ")
            else:
                name = line.rstrip(":")
                fields[name] = ""
        yield fields


def described(fields: dict[str, str]) -> list[str]:
    """The short description of a package, and the first paragraphs of the long one."""
    short, _, rest = fields.get("Description-en", "").partition("\n")
    paragraphs = [re.sub(r"\s+", " ", part).strip() for part in re.split(r"\n\.\n", rest)]
    return (
        []
        if _ABOUT_PACKAGING.search(short)
        else [short, *(part for part in paragraphs if len(part) > 60 and not _ABOUT_PACKAGING.search(part))]
    )


def nameless(text: str, fields: dict[str, str]) -> str:
    """What is said of a package without its name."""
    name = re.escape(fields["Package"])
    text = re.sub(rf"\b((the|an?) ){name}\b ?", r"\1", text, flags=re.I)
    text = re.sub(rf"\b{name}('s)?\b", lambda found: "its" if found[1] else "it", text, flags=re.I)
    return text[:1].upper() + text[1:]


def main() -> None:
    chance = random.Random(SEED)
    indexes = (
        fetch(f"{RELEASE}/{folder}/by-hash/SHA256/{sha256}", sha256)
        for folder, sha256 in (("binary-amd64", PACKAGES), ("i18n", DESCRIPTIONS))
    )
    packages, descriptions = (lzma.decompress(path.read_bytes()).decode() for path in indexes)
    told = {
        fields["Description-md5"]: described(fields) for fields in stanzas(descriptions) if len(fields) > 2
    }
    subjects: defaultdict[str, list[str]] = defaultdict(list)
    texts: list[TextRow] = []
    for fields in stanzas(packages):
        tags = re.split(r",\s+", fields.get("Tag", ""))
        parts = told.get(fields.get("Description-md5", ""), [])
        if "role::program" not in tags or not parts:
            continue
        texts.append({"text": "\n".join(parts), "source": "catalogue"})
        about = sorted({*tags} & {*SUBJECTS})
        for tag in about if len(about) <= MOST_SUBJECTS else ():
            part = parts[0] if len(parts) == 1 or chance.random() < 0.4 else parts[1]
            # in half of the documents the package has no name, so that names are not what they have in common
            named = chance.random() < 0.5
            subjects[tag].append(
                shortened(f"{fields['Package']}: {part}" if named else nameless(part, fields))
            )
    groups: list[GroupRow] = [
        group
        for tag, docs in subjects.items()
        if len(docs) >= FEWEST_PACKAGES
        for group in draws(SUBJECTS[tag], docs, "catalogue", MOST_DRAWS)
    ]
    add(texts, groups, *added("catalogue"))


if __name__ == "__main__":
    main()
