"""What chat models really answer when asked for a label, and what of it is the label."""

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localtopics.labels.cleaning import MAX_WORDS, clean

ANSWERS = {
    # as asked
    "Environmental impacts of eating meat": "Environmental impacts of eating meat",
    " Environmental impacts of eating meat ": "Environmental impacts of eating meat",
    "Reinforcement learning": "Reinforcement learning",
    # quotation marks and full stops
    '"Environmental impacts of eating meat"': "Environmental impacts of eating meat",
    "'Shipping and delivery issues'": "Shipping and delivery issues",
    "“Shipping and delivery issues”": "Shipping and delivery issues",
    "«Réseaux de neurones»": "Réseaux de neurones",
    "`Shipping and delivery issues`.": "Shipping and delivery issues",
    '"Shipping and delivery issues."': "Shipping and delivery issues",
    "Shipping and delivery issues.": "Shipping and delivery issues",
    "Shipping and delivery issues...": "Shipping and delivery issues",
    "Shipping and delivery issues!": "Shipping and delivery issues",
    '"Black Lives Matter" protests': "Black Lives Matter protests",
    "Workers' compensation": "Workers' compensation",
    "Alzheimer’s disease": "Alzheimer’s disease",
    "Trade policy of the U.S.": "Trade policy of the U.S.",
    # markdown
    "**Shipping and delivery issues**": "Shipping and delivery issues",
    "*Shipping and delivery issues*": "Shipping and delivery issues",
    "__Shipping and delivery issues__": "Shipping and delivery issues",
    "## Shipping and delivery issues": "Shipping and delivery issues",
    "- Shipping and delivery issues": "Shipping and delivery issues",
    "* Shipping and delivery issues": "Shipping and delivery issues",
    "• Shipping and delivery issues": "Shipping and delivery issues",
    "1. Shipping and delivery issues": "Shipping and delivery issues",
    "> Shipping and delivery issues": "Shipping and delivery issues",
    "**Topic:** Shipping and delivery issues": "Shipping and delivery issues",
    "**Label: Shipping and delivery issues**": "Shipping and delivery issues",
    "<b>Shipping and delivery issues</b>": "Shipping and delivery issues",
    "[Shipping and delivery issues]": "Shipping and delivery issues",
    "(Shipping and delivery issues)": "Shipping and delivery issues",
    "[Shipping issues](https://example.org)": "Shipping issues",
    "machine_learning_models": "machine learning models",
    "🌍 Climate change adaptation 🌡️": "Climate change adaptation",
    # talk before it
    "Label: Shipping and delivery issues": "Shipping and delivery issues",
    "Topic: Shipping and delivery issues": "Shipping and delivery issues",
    "Topic label: Shipping and delivery issues": "Shipping and delivery issues",
    "Topic name: Shipping and delivery issues": "Shipping and delivery issues",
    "Label 1: Shipping and delivery issues": "Shipping and delivery issues",
    "topic: shipping and delivery issues": "shipping and delivery issues",
    "Answer: Topic: Shipping issues": "Shipping issues",
    "Assistant: Shipping issues": "Shipping issues",
    "Sure, here is a short label: Shipping and delivery issues": "Shipping and delivery issues",
    "Sure! Here's the topic label: Shipping and delivery issues": "Shipping and delivery issues",
    "Sure! Shipping and delivery issues": "Shipping and delivery issues",
    "Sure, Shipping and delivery issues": "Shipping and delivery issues",
    "Certainly! The label is: Shipping and delivery issues.": "Shipping and delivery issues",
    "Of course! Shipping and delivery issues": "Shipping and delivery issues",
    "Okay, the topic is called Shipping issues.": "Shipping issues",
    "Here is a concise label for the topic: Shipping and delivery issues": "Shipping and delivery issues",
    "Here's a label: 'Shipping and delivery issues'": "Shipping and delivery issues",
    "The label for this topic is: Shipping and delivery issues": "Shipping and delivery issues",
    'The topic is "Shipping and delivery issues".': "Shipping and delivery issues",
    "The topic is Shipping and delivery issues": "Shipping and delivery issues",
    "The topic is about shipping and delivery": "shipping and delivery",
    "This topic is called Shipping and delivery issues": "Shipping and delivery issues",
    "These documents discuss shipping and delivery": "shipping and delivery",
    "The main topic of these documents is online shopping": "online shopping",
    "I would label this topic as Shipping and delivery issues": "Shipping and delivery issues",
    "Based on the documents, a label that best describes it would be: Shipping issues": "Shipping issues",
    "Based on the information about deliveries, the topic label is: Shipping issues": "Shipping issues",
    "Based on the provided documents, the topic could be labeled as: Shipping issues": "Shipping issues",
    # explanations after it
    "Shipping issues\n\nThis label captures the complaints of customers.": "Shipping issues",
    "Shipping and delivery issues. This topic is about late parcels.": "Shipping and delivery issues",
    "Urban buses. The documents discuss fares.": "Urban buses",
    '"Shipping issues" because the documents talk about late parcels': "Shipping issues",
    "Shipping issues, because the documents talk about late parcels": "Shipping issues",
    "Shipping issues (since the documents are about parcels that never arrived at all)": "Shipping issues",
    "Deep learning for images (convolutional networks, vision transformers and others)": (
        "Deep learning for images"
    ),
    "Deep learning for images - a label that covers all of the documents": "Deep learning for images",
    # more lines
    "Sure, here is a short topic label:\n\nShipping and delivery issues": "Shipping and delivery issues",
    "Sure! I can help with that.\n\n**Shipping and delivery issues**": "Shipping and delivery issues",
    "\n\nShipping and delivery issues\n": "Shipping and delivery issues",
    "Label 1: Shipping issues\nLabel 2: Late parcels": "Shipping issues",
    "1. Shipping issues\n2. Late parcels": "Shipping issues",
    # remains of templates and thoughts
    "Shipping issues</s>": "Shipping issues",
    "Shipping issues [/INST] Sure": "Shipping issues",
    "<|im_start|>assistant\nShipping issues<|im_end|>": "Shipping issues",
    "<think>\nThe user wants a label.\n</think>\n\nShipping issues": "Shipping issues",
    "The user wants a label.\n</think>\nShipping issues": "Shipping issues",
    # labels that look like talk
    "Topic modeling of short texts": "Topic modeling of short texts",
    "Text classification": "Text classification",
    "Answer set programming": "Answer set programming",
    "Label: Text classification": "Text classification",
    "The topic is name resolution": "name resolution",
    "Great Depression": "Great Depression",
    "Document retrieval: dense methods": "Document retrieval: dense methods",
    "IT security": "IT security",
    "The Beatles": "The Beatles",
    "Impact of The Beatles": "Impact of The Beatles",
    "Economy since 1990": "Economy since 1990",
    "Peer-to-peer networks": "Peer-to-peer networks",
    "TCP/IP congestion control": "TCP/IP congestion control",
    "HIV/AIDS prevention": "HIV/AIDS prevention",
    "C++ templates": "C++ templates",
    "St. Louis architecture": "St. Louis architecture",
    "New York and New Jersey": "New York and New Jersey",
    "COVID-19": "COVID-19",
    "5G networks": "5G networks",
    "机器学习": "机器学习",
    "Машинное обучение": "Машинное обучение",
    "تعلم الآلة": "تعلم الآلة",
    # JSON, whole or cut
    '{"name": "Shipping issues"}': "Shipping issues",
    '{"topic": "Shipping issues", "confidence": 0.9}': "Shipping issues",
    '["Shipping issues", "Late parcels"]': "Shipping issues",
    '```json\n{\n  "name": "Shipping issues"\n}\n```': "Shipping issues",
    '```json\n{\n  "name": "Shipping issues",': "Shipping issues",
    '```json\n{"topic": {"id": 3, "name": "Shipping issues"}}\n```': "Shipping issues",
    'Here is the JSON:\n```json\n{"name": "Shipping issues"}\n```': "Shipping issues",
    '{"explanation": "They are about parcels.", "name": "Shipping issues"}': "Shipping issues",
    '{"name": "Shipping issues", "explanation": "This is bec': "Shipping issues",
    '{"1": "Shipping issues", "2": "Late parcels"}': "Shipping issues",
    '{"name": "Caf\\u00e9 culture"}': "Café culture",
    '{"name": "Bad \\x escapes"}': None,
    '{"name": "Shipping iss': None,
    '{"name": "N/A"}': None,
    '{"fares": 3}': None,
    "```\nShipping issues\n```": "Shipping issues",
    # a preamble on a line of its own, a sentence around the name
    "I have read the documents carefully.\nShipping issues": "Shipping issues",
    "After reviewing the documents, the topic is:\nShipping issues": "Shipping issues",
    "**Name**: Shipping issues": "Shipping issues",
    "**Name:**\nShipping issues": "Shipping issues",
    "The name of this topic is Shipping issues.": "Shipping issues",
    'A suitable name for this topic would be "Shipping issues".': "Shipping issues",
    "Topic: Shipping issues\nExplanation: They are about parcels.": "Shipping issues",
    "shipping issues,": "shipping issues",
    # several on one line
    "Shipping issues; Late parcels; Parcel delivery": "Shipping issues",
    "Cats; Dogs; Cats": "Cats",
    "2020; Cats": "Cats",
    "1. Shipping issues 2. Late parcels 3. Cats": "Shipping issues",
    "The texts talk about so many different things that I find hard to name; for example buses": None,
    # nothing fit to use
    "": None,
    " \n ": None,
    '""': None,
    "...": None,
    "**": None,
    "Sure, here is a short topic label:": None,
    "Sure! Here is the label": None,
    "Label:": None,
    "Topic label": None,
    "Topic 3": None,
    "N/A": None,
    "None": None,
    "Unknown": None,
    "Outliers": None,
    "[KEYWORDS]": None,
    "I'm sorry, but I cannot label this topic.": None,
    "I cannot fulfill your request. I'm just an AI": None,
    "As an AI language model, I can't": None,
    "This is a very nice set of documents": None,
    "Please provide more documents": None,
    "2020": None,
    "3.14 + 2": None,
    "????": None,
    "a": None,
    "Methods for the analysis of": None,
    "Machine learning and": None,
    "Machine learning for the…": None,
    "Machine learning…": None,
    "Sperm/Shape/Shape/Shape Estimation": None,
    "Learning Learning Learning": None,
    "Deep learning and deep learning": None,
    "the the cat": None,
    "Red/green/blue colours": None,
    "https://example.org/topic": None,
    "x" * 200: None,
    "The causes and the consequences of the long decline of coal mining in northern Europe": None,
    "\\frac{a}{b} \\alpha \\beta": None,
    "{'label': 'Shipping'}": "Shipping",
    "Deep learning (convolutional": None,
    "<think>The user wants a label for": None,
}


@pytest.mark.parametrize(("answer", "label"), ANSWERS.items())
def test_the_label_is_taken_out_of_an_answer(answer: str, label: str | None) -> None:
    assert clean(answer) == label


LISTS = {
    "Shipping issues; Late parcels.; shipping issues": "Shipping issues",
    "From broad to specific: Business; Retail trade;": "Business",
    "1) Business; 2) Retail trade": "Business",
    "1. Business 2. Retail trade 3. 2020": "Business",
    "Three names:\n1. **Business**\n2. Retail trade\n\nThese names cover all.": "Business",
    "- Business\n- Retail trade\nReason: they are about shops": "Business",
    '{"names": ["Business", "Retail trade"]}': "Business",
    '[\n "Business",\n "Retail tr': "Business",
    "Retail trade": "Retail trade",
    "I cannot name this topic.": None,
    "": None,
}


@pytest.mark.parametrize(("answer", "expected"), LISTS.items())
def test_the_first_name_of_a_list_is_taken(answer: str, expected: str | None) -> None:
    assert clean(answer) == expected


FRAGMENTS = (
    'Sure! Here is a the label for this topic would be: Topic Label: "Deep learning" of and Shape/Shape '
    "** __ # - 1. ( ) [ ] < > { } \" ' ` « » . , : ; ! ? / _ \u202e \u200b \x00 🌍 é e\u0301 學 U.S. \ud800 "
    '; ```json {"name":"X {" ": [" "} 1. 2) '
    "[/INST] </s> <think> </think> <|im_end|> [a](b) because (since This"
)
PARTS = [*FRAGMENTS.split(), " ", "\n", "\t", "\u2028"]
answers = st.one_of(
    st.text(), st.lists(st.sampled_from(PARTS)).map(" ".join), st.lists(st.sampled_from(PARTS)).map("".join)
)


@given(answers)
@example("a. b")
def test_every_label_is_one_short_line_and_stays_as_it_is(answer: str) -> None:
    label = clean(answer)
    if label is None:
        return
    assert label == label.strip()
    assert label.splitlines() == [label]
    assert label.isprintable()
    assert 1 <= len(label.split()) <= MAX_WORDS
    assert any(character.isalpha() for character in label)
    assert not set(label) & set('"“”«»`<>[]{}|\\')
    assert not label.endswith((",", ":", ";", "(", "…", "..", " ."))
    words = label.casefold().split()
    assert all(first != second for first, second in pairwise(words))
    assert clean(label) == label
    assert clean(f'"{label}".') == label
    assert clean(f"Sure, here is the label:\n\n{label}") == label


@pytest.mark.parametrize(
    "answer",
    [part * 10_000_000 for part in ("a ", "(", "{", "; ")]
    + [part * 100_000 for part in ("Label: ", "<think>", '["', "1. ")],
)
def test_a_huge_answer_takes_no_time(answer: str) -> None:
    started = time.monotonic()
    clean(answer)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("主题：自然语言处理。", "自然语言处理"),
        ("Thema: Öffentlicher Nahverkehr", "Öffentlicher Nahverkehr"),
        ("الموضوع: معالجة النصوص", "معالجة النصوص"),
        ("हिन्दी भाषा", "हिन्दी भाषा"),
    ],
)
def test_labels_in_other_languages(answer: str, label: str) -> None:
    assert clean(answer) == label
    assert clean(label) == label
