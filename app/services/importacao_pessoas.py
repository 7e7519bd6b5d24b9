"""Who an import has met so far: the ids of phones and patients, asked of the database once each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from app.repositories.importacao_pessoas import ContatoNovo, PacienteNovo, PessoasRepository
from app.services.importacao_registro import Registro


@dataclass(slots=True)
class Encontradas:
    """The people of some bookings: ids by hash, how each patient was described, which phones serve whom."""

    contatos: dict[bytes, int] = field(default_factory=dict)
    pacientes: dict[bytes, int] = field(default_factory=dict)
    atributos: dict[bytes, int] = field(default_factory=dict)
    pares: set[tuple[int, int]] = field(default_factory=set)

    def has(self, registro: Registro) -> bool:
        return registro.paciente in self.pacientes and all(fone.hash in self.contatos for fone in registro.fones)

    def contato_id(self, registro: Registro) -> int | None:
        return self.contatos[registro.contato.hash] if registro.contato else None

    def add(self, outras: "Encontradas") -> None:
        self.contatos |= outras.contatos
        self.pacientes |= outras.pacientes
        self.atributos |= outras.atributos
        self.pares |= outras.pares


class PessoasConhecidas:
    """Remembers, for as long as one import, what is committed: two of its transactions are open at a time."""

    def __init__(self, tenant_id: int) -> None:
        self._tenant_id = tenant_id
        self._todas = Encontradas()

    def remember(self, encontradas: Encontradas) -> None:
        """Take what a transaction that has ended well found or created."""
        self._todas.add(encontradas)

    async def meet(self, session: AsyncSession, registros: Sequence[Registro]) -> Encontradas:
        """Make sure that the people of these bookings, as they are described, are in their tables."""
        repository = PessoasRepository(session, self._tenant_id)
        await repository.lock()
        todas = self._todas
        fones = {fone.hash: fone for registro in registros for fone in registro.fones}
        contatos = {key: todas.contatos[key] for key in fones.keys() & todas.contatos.keys()}
        contatos |= await repository.ensure_contatos(
            [
                ContatoNovo(fone.e164, fone.tipo, fone.hash, fone.chave, fone.final4)
                for fone in fones.values()
                if fone.hash not in contatos
            ]
        )
        descritos = {registro.paciente: registro for registro in registros}  # of several descriptions the last
        atributos = {chave: _atributos(registro) for chave, registro in descritos.items()}
        novos = [chave for chave, value in atributos.items() if todas.atributos.get(chave) != value]
        pacientes = {chave: todas.pacientes[chave] for chave in descritos.keys() - novos}
        pacientes |= await repository.ensure_pacientes([_paciente(descritos[chave]) for chave in novos])
        pares = set(_pares(registros, pacientes, contatos))
        await repository.link(pares - todas.pares)
        return Encontradas(contatos, pacientes, atributos, pares)


def _pares(
    registros: Iterable[Registro], pacientes: dict[bytes, int], contatos: dict[bytes, int]
) -> Iterable[tuple[int, int]]:
    return ((pacientes[registro.paciente], contatos[fone.hash]) for registro in registros for fone in registro.fones)


def _atributos(registro: Registro) -> int:
    item = registro.item
    return hash((item.nome_paciente, item.data_nascimento, item.responsavel))


def _paciente(registro: Registro) -> PacienteNovo:
    item = registro.item
    return PacienteNovo(registro.paciente, item.id_paciente, item.nome_paciente, registro.nascimento, item.responsavel)
