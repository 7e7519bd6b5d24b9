"""Whole days in virtual time: patients who behave, a clock that can be turned, a fake of every gateway, a judge."""
