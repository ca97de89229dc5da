"""What a store does, as plain functions ``verb(cmd, uow, clock)``: load, let the domain decide, save, commit."""
