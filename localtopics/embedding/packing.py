"""An embedding model as it travels to other machines, which need not have it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from localtopics.embedding.embedder import Embedder, model_folder
from localtopics.embedding.model import EmbeddingModel, opened_files
from localtopics.files import temporary_folder


@dataclass(frozen=True)
class PackedEmbedder:
    """The files of a model, and how it embeds."""

    model: EmbeddingModel
    files: dict[str, bytes]

    @classmethod
    def of(cls, embedder: Embedder) -> PackedEmbedder:
        """Read the files of the embedder's model.

        Raises:
            UserError: the model is not on this machine any more.
        """
        folder = model_folder(embedder.model)
        names = opened_files(folder)
        return cls(embedder.model, {name: (folder / name).read_bytes() for name in names})

    def unpacked(self) -> Embedder:
        """An embedder that gives the same vectors; the files are gone when its model is loaded.

        Raises:
            UserError: the model cannot be opened.
        """
        with temporary_folder() as folder:
            for name, content in self.files.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            embedder = Embedder(replace(self.model, location=str(folder)))
            embedder.load()
        return embedder
