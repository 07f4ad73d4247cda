"""Train the adapter of a pair reader: grader/adapters/onnx/answers.safetensors or statements.safetensors.

    python tools/train_reader.py statements ../shared/data/beetle.csv ../shared/data/scientsbank.csv --out s.safetensors

Low-rank matrices beside the linear layers of all-MiniLM-L6-v2 (LoRA: Hu et al., ICLR 2022) and a linear layer over the
first token learn two questions about a pair of texts: does the second say the first, does it deny it? The pairs are

- answers of the train splits beside the reference that shares most words with them;
- the same made worse by rule: negated, shuffled, answers to another question, the question itself;
- the AWS bank's key points beside their contraries, their own sentence of the reference, and each other;
- what lies in `eval/training`, machine-written, for questions that are not in the eval set: statements that say a key
  point or get it wrong; and, for the reader of statements, answers with a verdict for each key point and short answers
  to questions of other subjects. With these two, the reader of answers was worse at unseen questions.

The reader of answers has matrices in all layers (25 minutes on 2 cores). The reader of statements has them in the last
layers, which go on from where the embedder left each text (8 minutes); with `--teachers` it learns from earlier ones.
`grader eval run` says what the result is worth.
"""

import argparse
import csv
import math
import random
import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from transformers import AutoTokenizer, BertModel
from written import Marked, marked_answers

from grader.adapters.minilm import minilm_folder
from grader.adapters.onnx.graph import INNER_LAYERS
from grader.adapters.onnx.model_file import join_pairs
from grader.bank import Bank
from grader.bank.load import load_bank
from grader.consistency.worsening import deny, telling_words
from grader.engines import make_embedder, make_inner_reader
from grader.pipeline.finding import READ_FROM
from grader.settings import data_folder, load_settings
from grader.similarity.embedder import Embedder
from grader.similarity.features import align
from grader.similarity.passage import embed_passages
from grader.similarity.reader import READS_TOKENS, PairReader, Piece, Readers
from grader.similarity.target import Target
from grader.text.words import words

SCALE = 2.0
RATE = 5e-4
BATCH_TOKENS = 2000
DENIES_WEIGHT = 0.5
PEOPLE = 1.5
"""How much an answer that people marked counts beside a made or written pair. (Half marks: a quarter of saying it.)"""
DROPOUT = 0.1
VERDICTS = {"met": (1.0, 0.0), "partial": (0.3, 0.0), "missing": (0.0, 0.0), "contradicted": (0.0, 1.0)}
"""What a verdict on a key point says of the statement that speaks to it: whether it says and denies it."""
BESIDE = 0.2
"""How likely the next best statement says a key point that is met."""
DENIALS = ("It is not true that {}", "It is not the case that {}", "It is wrong that {}", "Nobody should think that {}")
HELD_OUT = 8
"""Of the eval sets' questions every eighth (by its CRC-32) is left out, so that a profile can be fitted on them: a
reader knows the answers it was trained on too well to be weighed on them."""


class Pair(NamedTuple):
    """What should be said, what is said, whether it says and denies it (0..1), and how much the pair counts."""

    expected: str
    said: str
    says: float
    denies: float
    weight: float = 1.0


class LowRank(nn.Module):
    """A frozen linear layer with a trained product of two thin matrices beside it."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        """Take the layer."""
        super().__init__()
        self.layer = layer.requires_grad_(requires_grad=False)
        self.lora_A = nn.Parameter(torch.randn(rank, layer.in_features) / math.sqrt(layer.in_features))
        self.lora_B = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Apply both."""
        return self.layer(value) + SCALE * functional.linear(functional.linear(value, self.lora_A), self.lora_B)


class Reader(nn.Module, ABC):
    """The encoder with low-rank matrices in the layers that read a pair, and two logits from its first token."""

    def __init__(self, folder: Path, first_layer: int, rank: int) -> None:
        """Take the folder of the packaged model, the first layer that reads both texts, and the matrices' rank."""
        super().__init__()
        self.bert = BertModel.from_pretrained(folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        self.bert.requires_grad_(requires_grad=False)
        self.layers = self.bert.encoder.layer[first_layer:]
        _adapt(self.layers, rank)
        self.head = nn.Linear(self.bert.config.hidden_size, 2)
        self.dropout = nn.Dropout(DROPOUT)

    @abstractmethod
    def prepare(self, pairs: Sequence[Pair]) -> list[int]:
        """Take the pairs to be read, and return their lengths in tokens."""

    @abstractmethod
    def first_tokens(self, batch: Sequence[int]) -> torch.Tensor:
        """Return (n, width) the last layer's first token of these pairs."""

    def forward(self, batch: Sequence[int]) -> torch.Tensor:
        """Return (n, 2) logits of the pairs of these numbers: says, denies."""
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.training):
            first = self.first_tokens(batch)
        return self.head(self.dropout(first.float()))

    def adapter(self) -> dict[str, torch.Tensor]:
        """Return the tensors of the adapter file, under the names of the layers they belong to."""
        thin = {
            name.removeprefix("bert."): tensor.detach().half().contiguous()
            for name, tensor in self.bert.named_parameters()
            if name.endswith(("lora_A", "lora_B"))
        }
        return {**thin, **{f"head.{name}": tensor.contiguous() for name, tensor in self.head.state_dict().items()}}


class WholeReader(Reader):
    """Reads both texts in every layer."""

    def __init__(self, folder: Path) -> None:
        """Take the folder of the packaged model."""
        super().__init__(folder, first_layer=0, rank=16)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)

    def prepare(self, pairs: Sequence[Pair]) -> list[int]:
        """Take the pairs to be read, and return their lengths in tokens."""
        self._encoded = self._tokenizer(
            [pair.expected for pair in pairs],
            [pair.said for pair in pairs],
            truncation="longest_first",
            max_length=READS_TOKENS + 3,
        )
        return [len(ids) for ids in self._encoded["input_ids"]]

    def first_tokens(self, batch: Sequence[int]) -> torch.Tensor:
        """Return (n, width) the last layer's first token of these pairs."""
        longest = max(len(self._encoded["input_ids"][index]) for index in batch)
        padded = {
            name: torch.tensor([self._encoded[name][i] + [0] * (longest - len(self._encoded[name][i])) for i in batch])
            for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        return self.bert(**padded).last_hidden_state[:, 0]


class InnerReader(Reader):
    """Reads both texts in the last layers only; the others read each of them alone, as the embedder does."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        """Take the folder of the packaged model, and the embedder that tells the inner layer's states."""
        super().__init__(folder, first_layer=INNER_LAYERS, rank=48)
        self._embedder = embedder
        first, second = self.bert.embeddings.token_type_embeddings.weight.detach()
        self.parts = nn.Parameter(torch.stack([first - first, second - first]))

    def prepare(self, pairs: Sequence[Pair]) -> list[int]:
        """Take the pairs to be read, and return their lengths in tokens."""
        texts = list(dict.fromkeys(text for pair in pairs for text in (pair.expected, pair.said)))
        inner = {text: made.inner for text, made in zip(texts, self._embedder.embed(texts), strict=True)}
        self._states = [(inner[pair.expected], inner[pair.said]) for pair in pairs]
        return [len(expected) + len(said) - 1 for expected, said in self._states]

    def first_tokens(self, batch: Sequence[int]) -> torch.Tensor:
        """Return (n, width) the last layer's first token of these pairs."""
        joined = [join_pairs([self._states[index]]) for index in batch]
        longest = max(parts.shape[1] for _, parts in joined)
        inner = torch.zeros(len(batch), longest, self.parts.shape[1])
        parts = torch.zeros(len(batch), longest, dtype=torch.long)
        mask = torch.zeros(len(batch), longest, dtype=torch.bool)
        for row, (states, kinds) in enumerate(joined):
            length = kinds.shape[1]
            inner[row, :length], parts[row, :length] = torch.from_numpy(states[0]), torch.from_numpy(kinds[0])
            mask[row, :length] = True
        value = inner + self.parts[parts]
        for layer in self.layers:
            value = layer(value, mask[:, None, None, :])
        return value[:, 0]

    def adapter(self) -> dict[str, torch.Tensor]:
        """Return the tensors of the adapter file, under the names of the layers they belong to."""
        return {**super().adapter(), "parts": self.parts.detach().contiguous()}


def _adapt(module: nn.Module, rank: int) -> None:
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Linear):
            setattr(module, name, LowRank(child, rank))
        else:
            _adapt(child, rank)


def answer_pairs(path: Path, rng: random.Random) -> Iterator[Pair]:
    """Go through the pairs of an eval set's train split, and those made from it."""
    rows = [row for row in rows_of(path) if row["split"] == "train"]
    questions: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if not held_out(row["question_id"]):
            questions.setdefault(row["question_id"], []).append(row)
    for answers in questions.values():
        references = accepted(answers[0])
        for row in answers:
            reference, denies = nearest(references, row["answer"]), float(row["label"] == "contradictory")
            yield Pair(reference, row["answer"], float(row["human_score"]) ** 2, denies, PEOPLE)
        yield from made_pairs(answers, references, rng)
        for _ in range(4):
            other = questions[rng.choice(list(questions))]
            if other is not answers:
                yield Pair(references[0], rng.choice(other)["answer"], 0, 0, 0.7)


def made_pairs(answers: Sequence[dict[str, str]], references: Sequence[str], rng: random.Random) -> Iterator[Pair]:
    """Go through pairs made by rule from the answers to one question and its references."""
    right = [row["answer"] for row in answers if float(row["human_score"]) == 1]
    for answer in rng.sample(right, min(6, len(right))):
        yield Pair(nearest(references, answer), denied(answer, rng), 0, 1, 0.7)
    for reference in references[:3]:
        yield Pair(reference, reference, 1, 0)
        yield Pair(reference, denied(reference, rng), 0, 1)
        shuffled = rng.sample(reference.split(), len(reference.split()))
        if len(shuffled) > 5:
            yield Pair(reference, " ".join(shuffled), 0, 0, 0.5)
    if answers[0]["question"].strip():
        yield Pair(references[0], answers[0]["question"], 0, 0)


def bank_pairs(bank: Bank, rng: random.Random) -> Iterator[Pair]:
    """Go through the pairs of a bank's own texts."""
    for question in bank:
        sentences = [s.strip() for s in re.split(r"(?<=[.!?;])\s+|\n", question.reference) if len(s.split()) > 3]
        for point in question.key_points:
            told = nearest(sentences, point.text)
            if shared(told, point.text) > 0.35:
                yield Pair(point.text, told, 1, 0, 0.7)
            if rng.random() < 0.25:
                yield Pair(point.text, point.text, 1, 0, 0.5)
            if rng.random() < 0.35:
                yield Pair(point.text, denied(rng.choice([point.text, told]), rng), 0, 1, 0.5)
            if rng.random() < 0.15:
                yield Pair(point.text, " ".join(telling_words([point.text])), 0, 0, 0.5)
            for contrary in point.contrary:
                yield Pair(point.text, contrary, 0, 1)
                if rng.random() < 0.35:
                    yield Pair(contrary, point.text, 0, 1, 0.5)
            other = rng.choice(question.key_points)
            if other is not point:
                yield Pair(point.text, other.text, 0, 0, 0.7)


def statement_pairs(path: Path, bank: Bank, rng: random.Random) -> Iterator[Pair]:
    """Go through the pairs of written statements with their key point, and with another of the same question.

    Half of the statements stand beside another one, as they do in answers.
    """
    points = {question.id: {point.id: point.text for point in question.key_points} for question in bank}
    rows = rows_of(path)
    beside: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        beside.setdefault(row["question_id"], []).append(row)
    for row in rows:
        texts, says, said = points[row["question_id"]], float(row["says"]), row["statement"]
        neighbour = rng.choice(beside[row["question_id"]])
        if neighbour["key_point"] != row["key_point"] and rng.random() < 0.65:
            said = " ".join(rng.sample([said, neighbour["statement"]], 2))
        yield Pair(texts[row["key_point"]], said, says, 1 - says)
        if says and rng.random() < 0.2:
            yield Pair(texts[row["key_point"]], denied(row["statement"], rng), 0, 1, 0.5)
        other = rng.choice(list(texts))
        if other not in {row["key_point"], neighbour["key_point"]} and rng.random() < 0.4:
            yield Pair(texts[other], said, 0, 0, 0.6)


def marked_pairs(marked: Sequence[Marked], embedder: Embedder) -> Iterator[Pair]:
    """Go through the key points of written answers, each beside the statement that speaks to it.

    The statement that comes next denies nothing that the first says, and seldom says it.
    """
    questions = {one.question.id: one.question for one in marked}
    texts = [text for question in questions.values() for text in Target.texts(question)]
    passages = embed_passages([*texts, *(one.answer for one in marked)], embedder)
    for one in marked:
        criteria, answer = Target(one.question, passages).key_points, passages[one.answer]
        if criteria is None or not len(answer.ids):
            continue
        supports = align(criteria, answer).supports
        for point, by_statement in zip(criteria.points, supports, strict=True):
            says, denies = VERDICTS[one.verdicts[point.id]]
            best, *others = np.argsort(-by_statement, kind="stable")
            if by_statement[best] >= READ_FROM:
                yield Pair(point.text, answer.statement_texts[best], says, denies, PEOPLE)
            if others and by_statement[others[0]] >= READ_FROM:
                yield Pair(point.text, answer.statement_texts[others[0]], BESIDE * says, denies / 2, 0.5)


def short_pairs(path: Path, rng: random.Random) -> Iterator[Pair]:
    """Go through written short answers beside their reference."""
    for row in rows_of(path):
        denies = float(row["label"] == "contradictory")
        yield Pair(row["reference"], row["answer"], float(row["score"]) ** 2, denies, PEOPLE)
        if row["label"] == "correct" and rng.random() < 0.3:
            yield Pair(row["reference"], denied(row["answer"], rng), 0, 1, 0.5)


def taught(pairs: Sequence[Pair], teachers: Sequence[PairReader]) -> list[Pair]:
    """Return the pairs with what was found in them brought half-way to what the teachers read on average.

    Several readers agree better with people than each of them, and one can learn what they know together (Hinton,
    Vinyals and Dean, 2015).
    """
    pieces = [(Piece(pair.expected), Piece(pair.said)) for pair in pairs]
    readings = np.mean([teacher.read(pieces) for teacher in teachers], axis=0)
    return [
        pair._replace(says=(pair.says + float(says)) / 2, denies=(pair.denies + float(denies)) / 2)
        for pair, (says, denies) in zip(pairs, readings, strict=True)
    ]


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def accepted(row: dict[str, str]) -> list[str]:
    """Return the references of a row, the best first."""
    return [row["reference"], *(text for text in row["alternatives"].split(" || ") if text.strip())]


def nearest(texts: Sequence[str], text: str) -> str:
    """Return the one that shares most words with `text`."""
    return max(texts, key=lambda other: shared(other, text))


def shared(one: str, other: str) -> float:
    """Return the cosine of the sets of words."""
    ours, theirs = set(words(one)), set(words(other))
    return len(ours & theirs) / math.sqrt(len(ours) * len(theirs) + 1e-9)


def denied(text: str, rng: random.Random) -> str:
    """Return a statement denied, in one of several ways."""
    if rng.random() < 0.75:
        return deny(text)
    return rng.choice(DENIALS).format(text[:1].lower() + text[1:])


def held_out(question: str) -> bool:
    """Say whether a question of an eval set is left out."""
    return zlib.crc32(question.encode()) % HELD_OUT == 0


def train(reader: Reader, pairs: Sequence[Pair], epochs: int, rng: random.Random) -> None:
    """Train the adapter in place."""
    lengths = reader.prepare(pairs)
    targets = torch.tensor([[pair.says, pair.denies] for pair in pairs])
    weights = torch.tensor([pair.weight for pair in pairs])
    parameters = [parameter for parameter in reader.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.01)
    plans = [batches(lengths, rng) for _ in range(epochs)]
    steps = sum(map(len, plans))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=steps, pct_start=0.1, anneal_strategy="linear"
    )
    reader.train()
    for number, batch in enumerate((batch for plan in plans for batch in plan), 1):
        losses = functional.binary_cross_entropy_with_logits(reader(batch), targets[batch], reduction="none")
        loss = ((losses[:, 0] + DENIES_WEIGHT * losses[:, 1]) * weights[batch]).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        if number % 100 == 0:
            print(f"step {number} of {steps}: loss {loss.item():.3f}", flush=True)


def batches(lengths: Sequence[int], rng: random.Random) -> list[list[int]]:
    """Return batches of pairs of like length, of about as many tokens each, in random order."""
    order = rng.sample(range(len(lengths)), len(lengths))
    made: list[list[int]] = []
    for start in range(0, len(order), 2000):
        batch: list[int] = []
        for index in sorted(order[start : start + 2000], key=lengths.__getitem__):
            if batch and (len(batch) + 1) * lengths[index] > BATCH_TOKENS:
                made.append(batch)
                batch = []
            batch.append(index)
        made.append(batch)
    return rng.sample(made, len(made))


def main() -> None:
    """Train, and write the adapter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader", choices=Readers._fields)
    parser.add_argument("sets", nargs="+", type=Path, help="eval sets with a train split")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--teachers", nargs="*", type=Path, default=[], help="readers of statements to learn from, too")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    torch.manual_seed(chosen.seed)
    rng = random.Random(chosen.seed)
    settings = load_settings({}, {}, Path.cwd())
    bank = load_bank(data_folder("bank") / "aws")
    pairs = [pair for path in chosen.sets for pair in answer_pairs(path, rng)]
    written = data_folder("eval") / "training"
    pairs += [*bank_pairs(bank, rng), *statement_pairs(written / "statements.csv", bank, rng)]
    embedder = make_embedder(settings)
    if chosen.reader == "statements":
        pairs += marked_pairs(list(marked_answers(written / "answers.csv", bank)), embedder)
        pairs += short_pairs(written / "short_answers.csv", rng)
    if chosen.teachers:
        pairs = taught(pairs, [make_inner_reader(settings, teacher) for teacher in chosen.teachers])
    print(f"{len(pairs)} pairs", flush=True)
    folder = minilm_folder(settings.cache_dir)
    reader = InnerReader(folder, embedder) if chosen.reader == "statements" else WholeReader(folder)
    train(reader, pairs, chosen.epochs, rng)
    save_file(reader.adapter(), chosen.out, metadata={"scale": str(SCALE)})
    size = chosen.out.stat().st_size / 1e6
    count = sum(int(np.prod(tensor.shape)) for tensor in reader.adapter().values())
    print(f"{count} numbers, {size:.1f} MB written to {chosen.out}")


if __name__ == "__main__":
    main()
