"""A fake Twilio: Programmable Messaging for WhatsApp and SMS, its contents, and the calls it makes."""

from app.simulator.twilio.account import Content, TwilioOptions, magic_phone
from app.simulator.twilio.inbound import Inbound
from app.simulator.twilio.server import FakeTwilio
from app.simulator.twilio.signing import sign

__all__ = ["Content", "FakeTwilio", "Inbound", "TwilioOptions", "magic_phone", "sign"]
