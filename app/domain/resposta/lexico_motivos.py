"""Reasons people give for not coming; beside a clear cancellation they change nothing, alone they decide nothing."""

from typing import Final

INICIO_DE_MOTIVO: Final = """
    estou to estamos estava esta_com ta_com porque pois devido por_causa por_motivo por_motivos tenho tive tivemos
    surgiu apareceu aconteceu fiquei sem temos ficou ocorreu moro estarei_sem
"""

MOTIVOS: Final = """
    trabalho trabalhar trabalhando trabalhamos servico patrao patroa chefe emprego empresa escala viagem viajar
    viajando viajei dinheiro grana passagem carro moto transporte conducao onibus carona chuva chovendo imprevisto
    imprevistos compromisso compromissos doente adoeceu adoeci doentes gripado gripada resfriado resfriada gripe
    resfriado virose dengue internado internada acamado acamada condicoes tempo prova provas aula aulas escola
    faculdade reuniao curso cuidar criancas cidade longe fora estrada quebrou quebrado estragou enguicou melhorei
    melhorou melhor curado curada resolvi resolvido resolveu consegui conseguimos consultei passei fiz liberou
    deixou dispensou folga ocupado ocupada cansado cansada exausta exausto pessoal pessoais motivo motivos problema
    problemas particular particulares familia familiar saude dor dores pernas perna joelho costas dente garganta
    gripada doenca atestada enfermo enferma impedimento ultima mudanca mudei casamento velorio acompanhar
    desempregado desempregada agenda conflito pneu combustivel gasolina deslocamento locomocao andando
"""

LOCUCOES_DE_MOTIVO: Final = """
    com_quem_ir com_quem_deixar quem_me_leve quem_me_levar quem_leve quem_levar com_quem_deixar_as_criancas
    quem_fique em_outro_lugar em_outro_hospital em_outra_clinica com_outro_medico em_outro_medico outro_medico
    outro_lugar de_ultima_hora estou_bem ja_estou_bem ja_to_bem estou_melhor vai_viajar vou_viajar vamos_viajar
    esta_viajando ta_viajando esta_doente ta_doente esta_trabalhando ta_trabalhando estou_fora da_cidade
    semana_passada esta_internado esta_internada para_passagem pelo_transtorno pelo_incomodo pelo_ocorrido
    a_consulta_em_outro_lugar pelo_plano fui_atendida fui_atendido pelo_convenio particular_mesmo
    por_motivos_pessoais por_motivo_de_saude por_motivo_de_trabalho por_motivo_de_viagem nao_quer_ir
    nao_tem_interesse
"""
