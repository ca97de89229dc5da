"""What headquarters does: plain synchronous functions ``verb(command, uow, clock)`` that know only ports."""
