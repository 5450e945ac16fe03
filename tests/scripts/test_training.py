"""What the labeller's training computes by itself: its loss, its answers, its vocabulary, its cut."""

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch.nn import functional

Import = Callable[[str], ModuleType]
TRAINING = Path(__file__).resolve().parents[2] / "scripts" / "train_labeller"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Import:
    """Imports a script of the training's folder, whose modules import each other by their names."""
    monkeypatch.syspath_prepend(str(TRAINING))
    return import_module


def test_the_loss_and_its_gradient_are_those_of_all_logits_at_once(
    script: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    matching = script("matching")
    monkeypatch.setattr(matching, "CHUNK", 5)
    torch.manual_seed(0)
    hidden, taught = torch.randn(2, 12, 8)
    embedding, other = torch.randn(2, 30, 8)
    targets, weights = torch.randint(30, (12,)), torch.randn(12)
    share = 0.3
    hidden.requires_grad_()
    embedding.requires_grad_()

    total, own, divergence = matching.matching(
        hidden, embedding, targets, weights, matching.Teacher(taught, other, share)
    )
    torch.autograd.backward(2 * total)
    found = hidden.grad, embedding.grad
    hidden.grad = embedding.grad = None

    log_p = (hidden @ embedding.T).log_softmax(-1)
    log_q = (taught @ other.T).log_softmax(-1)
    losses = functional.nll_loss(log_p, targets, reduction="none")
    apart = functional.kl_div(log_p, log_q, reduction="none", log_target=True).sum(-1)
    expected = (((1 - share) * losses + share * apart) * weights).sum()
    torch.autograd.backward(2 * expected)
    torch.testing.assert_close(total, expected)
    torch.testing.assert_close(own, losses)
    torch.testing.assert_close(divergence, apart)
    torch.testing.assert_close(found, (hidden.grad, embedding.grad))


def test_answers_drawn_with_a_cache_are_the_likeliest_of_the_whole_sequence(script: Import) -> None:
    model_, rollout = script("model"), script("rollout")
    shape = script("recipe").Shape(
        layers=2, width=32, heads=4, kv_heads=2, feed_forward=48, vocabulary=50, context=64
    )
    torch.manual_seed(1)
    model = model_.Qwen2(shape)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.5)
    prompts = [np.arange(3, 9), np.array([7, 2, 40])]
    answers = rollout.draw(model, prompts, count=2, most=5, end=0)[:, 1]
    for prompt, answer in zip(prompts, answers, strict=True):
        tokens = [int(token) for token in prompt]
        for token in answer:
            with torch.no_grad():
                hidden = model(torch.tensor([tokens]), None, torch.arange(len(tokens))[None])
            assert int(model.logits(hidden)[0, -1].argmax()) == token
            tokens.append(int(token))
            if token == 0:
                break


def test_a_kept_piece_is_kept_with_all_that_lead_to_it(script: Import) -> None:
    vocabulary = script("vocabulary")
    room = len(vocabulary.BYTES) + len(vocabulary.SPECIAL)
    merges = [("t", "h"), ("th", "e"), ("i", "n"), ("in", "g"), ("th", "in"), ("thin", "g")]
    counts = Counter({"thing": 9, "the": 5, "ing": 1})
    assert vocabulary.closed(counts, merges, room + 4) == [merges[i] for i in (0, 2, 4, 5)]
    assert vocabulary.closed(counts, merges, room + 5) == [merges[i] for i in (0, 1, 2, 4, 5)]
    assert vocabulary.closed(counts, merges, room + 3) == merges[:2] + merges[3:3]


def test_the_tokenizer_takes_special_names_in_a_text_for_text(script: Import) -> None:
    tokenizer = script("bytepairs").BytePairs(script("recipe").TOKENIZER)
    text = "Ünïcödé — 日本語 😀\r\n x<|im_end|>12"
    plain, special = (tokenizer.encode(text, special=special) for special in (False, True))
    assert tokenizer.eos in special
    assert tokenizer.eos not in plain
    assert tokenizer.decode(plain) == text
    assert b"".join(map(tokenizer.piece, plain)).decode() == text


def test_the_cut_keeps_the_ends_and_the_units_that_give_most(script: Import) -> None:
    model_, surgery, recipe = script("model"), script("surgery"), script("recipe")
    shape = recipe.Shape(layers=6, width=32, heads=4, kv_heads=2, feed_forward=48, vocabulary=50, context=64)
    small = recipe.replace(shape, layers=5, feed_forward=16)
    torch.manual_seed(2)
    whole = model_.Qwen2(shape)
    with torch.no_grad():
        # a layer that adds nothing, and units of which only some do
        whole.blk[2].attn_output.weight.zero_()
        whole.blk[2].ffn_down.weight.zero_()
        for block in whole.blocks():
            block.ffn_down.weight[:, 16:] = 0
    tokens = torch.randint(50, (2, 20))
    cut = surgery.labeller(whole, tokens, small)
    with torch.no_grad():
        places = torch.arange(20).expand(2, -1)
        torch.testing.assert_close(cut(tokens, None, places), whole(tokens, None, places))


def test_a_name_in_few_documents_makes_a_label_narrow(script: Import) -> None:
    names = script("rewards").Names(
        ["The club said Gerrard had left.", "It was the club manager.", "Soon Liverpool won.", "Too late."],
        "Clubs",
    )
    assert names.narrow("Gerrard")
    assert not names.narrow("Club Managers")
