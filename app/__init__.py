"""Confirma: confirms medical appointments over WhatsApp for Brazilian hospitals."""
