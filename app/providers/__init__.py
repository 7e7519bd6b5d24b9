"""WhatsApp gateways: one Protocol, one folder for each gateway."""
