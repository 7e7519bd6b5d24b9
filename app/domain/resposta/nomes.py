"""Names of people inside a reply: filler when they stand where names stand, unknown words elsewhere."""

from typing import Final

from app.domain.resposta.tipos import words

_TRATAMENTOS: Final = words("dona seu sr sra dr dra doutor doutora senhor senhora ")
_LIGACOES: Final = words("da do de sou com a o eh para")
PRIMEIROS_NOMES: Final = words(
    """
    maria jose ana joao antonio francisco carlos paulo pedro lucas luiz luis marcos gabriel rafael daniel marcelo
    bruno eduardo felipe raimundo rodrigo manoel mateus andre fernando fabio leonardo gustavo guilherme leandro
    tiago thiago anderson ricardo marcio jorge sebastiao alexandre roberto edson diego vitor sergio claudio matheus
    geraldo adriano luciano julio renato alex vinicius rogerio samuel ronaldo mario flavio igor douglas davi manuel
    jeferson cicero victor miguel robson mauricio danilo henrique caio reginaldo joaquim benedito gilberto marco
    alan nelson cristiano elias wilson valdir emerson luan david renan severino arthur francisca adriana juliana
    marcia fernanda patricia aline sandra camila amanda bruna jessica leticia julia luciana vanessa mariana gabriela
    vera vitoria larissa claudia beatriz rita sonia josefa rosa rosangela terezinha tereza sebastiana ester raimunda
    antonia lucia helena simone cristina regina marta lourdes aparecida fatima conceicao celia elaine viviane
    daniela carla eliane renata silvia tatiane michele andreia andrea priscila rafaela alice laura luiza luisa sofia
    isabela valentina heloisa lorena livia cecilia eloa marlene neusa ivone irene elza ines teresa margarida
    benedita iracema zilda dalva nair olga odete
"""
)
SOBRENOMES: Final = words(
    """
    silva santos souza sousa oliveira pereira lima carvalho ferreira rodrigues almeida costa gomes martins araujo
    melo barbosa alves ribeiro rocha dias nascimento lopes soares vieira moreira cardoso fernandes andrade moura
    mendes nunes freitas teixeira campos batista ramos duarte borges monteiro correia correa machado castro cunha
    pinto reis miranda
"""
)


def is_nome(palavra: str, anterior: str, *, maiuscula: bool) -> bool:
    """Tell whether `palavra` is surely somebody's name, from the word before it and how it is written.

    "Dona Marta" needs no list; "da Helena" does, and a surname only follows a capital.
    """
    if anterior in _TRATAMENTOS and maiuscula:
        return True
    if palavra in PRIMEIROS_NOMES:
        return maiuscula or anterior in _TRATAMENTOS | _LIGACOES
    return maiuscula and palavra in SOBRENOMES
