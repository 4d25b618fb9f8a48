-- What people call a door and a device; without a name, by its code.
ALTER TABLE gate_door ADD COLUMN name TEXT;
ALTER TABLE gate_device ADD COLUMN name TEXT;
