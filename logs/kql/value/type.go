package value

// TypeByName returns the type with that name or alias (double, date, time, boolean, ...).
func TypeByName(name string) (Type, bool) {
	switch name {
	case "dynamic":
		return Dynamic, true
	case "bool", "boolean":
		return Bool, true
	case "int", "int32":
		return Int, true
	case "long", "int64":
		return Long, true
	case "real", "double":
		return Real, true
	case "decimal":
		return Decimal, true
	case "datetime", "date":
		return Datetime, true
	case "timespan", "time":
		return Timespan, true
	case "string":
		return String, true
	case "guid", "uuid", "uniqueid":
		return GUID, true
	}
	return 0, false
}
