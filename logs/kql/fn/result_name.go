package fn

// NameKind says how a call names its column where the query gives the column no name. An argument has a name of its own when it is a column,
// a path into a dynamic value, or again a call that names its column. The kinds that need the name of an argument act like None where it has
// none, except the kinds with a prefix: these keep the prefix and the underscore, so that countif(x > 1) is countif_.
type NameKind uint8

const (
	// None gives no name: the column becomes Column1, Column2 and so on.
	None NameKind = iota
	// FirstArgument gives the name of the first argument, so that bin(Timestamp, 1h) stays Timestamp.
	FirstArgument
	// OnlyArgument is FirstArgument for a call with one argument and None for every other.
	OnlyArgument
	// NameAndFirstArgument joins the name of the function and that of the first argument with an underscore.
	NameAndFirstArgument
	// NameAndOnlyArgument is NameAndFirstArgument for a call with one argument and None for every other.
	NameAndOnlyArgument
	// PrefixAndFirstArgument joins the prefix and the name of the first argument with an underscore. A call without arguments is the prefix
	// and the underscore: count_.
	PrefixAndFirstArgument
	// PrefixAndOnlyArgument is PrefixAndFirstArgument for a call with one argument and None for every other.
	PrefixAndOnlyArgument
	// PrefixAndTwoArguments joins the prefix and the names of the first two arguments with underscores.
	PrefixAndTwoArguments
	// FirstArgumentSorted gives the name of the first argument, or array0 where it has none, and _sorted; inside other expressions it is None.
	FirstArgumentSorted
	// PrefixOnly gives the prefix as it is, without an underscore.
	PrefixOnly
	// FirstArgumentValueIfColumn gives the value of the first argument, a constant string, when a column of the input has that name, and acts
	// like None otherwise.
	FirstArgumentValueIfColumn
)

// ResultName returns how a scalar or window function names its column. The prefix is set for the kinds whose name starts with Prefix, and is
// the function itself for those whose name starts with Name. A function that is not listed, and so a function that does not exist, is None.
// Functions with several results are None too: they name their columns themselves.
//
// The listed names are a switch because a switch cannot be changed and does not compile with a name in two places.
func ResultName(function string) (kind NameKind, prefix string) {
	switch function {
	case "tobool", "toboolean", "todatetime", "todecimal", "todouble", "todynamic", "toguid", "tohex", "toint", "tolong", "toobject", "toreal",
		"tostring", "totime", "totimespan", "parse_csv", "parse_json", "parse_xml", "parsejson",
		"split", "format_bytes", "format_datetime", "format_timespan",
		"bin", "bin_at", "bin_auto", "floor", "startofday",
		"abs", "acos", "asin", "atan", "atan2", "ceiling", "cos", "erf", "erfc", "exp", "exp10", "exp2", "gamma", "log", "log10", "log2",
		"loggamma", "pow", "rand", "round", "sin", "sqrt", "tan",
		"binary_and", "binary_not", "binary_or", "binary_shift_left", "binary_shift_right", "binary_xor", "bitset_count_ones",
		"series_fill_backward", "series_fill_const", "series_fill_forward", "series_fill_linear", "series_fir", "series_iir", "series_outliers":
		return FirstArgument, ""
	case "make_datetime", "make_timespan":
		return OnlyArgument, ""
	case "strlen", "string_size", "dcount_hll", "percentile_tdigest":
		return NameAndFirstArgument, function
	case "array_sort_asc", "array_sort_desc": // of one array; of several they have several results
		return FirstArgumentSorted, ""
	case "gettype":
		return PrefixAndFirstArgument, "type"
	case "treepath":
		return PrefixAndFirstArgument, "tree"
	case "repeat":
		return PrefixAndFirstArgument, "repeat"
	case "percentiles_array_tdigest":
		return PrefixAndFirstArgument, "percentile_tdigest"
	case "ingestion_time":
		return PrefixOnly, "$IngestionTime"
	case "hll_merge":
		return PrefixOnly, "hll_merged_result"
	case "tdigest_merge", "merge_tdigest":
		return PrefixOnly, "tdigests_merge_result"
	case "column_ifexists", "columnifexists":
		return FirstArgumentValueIfColumn, ""
	}
	return None, ""
}

// AggregateResultName is ResultName for aggregates, of which some share a name with a scalar function and are named otherwise (hll_merge).
// Percentiles, arg_max, arg_min and take_any are None: they name their columns themselves.
func AggregateResultName(aggregate string) (kind NameKind, prefix string) {
	switch aggregate {
	case "any", "anyif", "avg", "avgif", "cnt", "count", "count_distinct", "count_distinctif", "countif", "dcount", "dcountif", "hll", "hll_if",
		"hll_merge", "max", "maxif", "min", "minif", "stdev", "stdevif", "stdevp", "sum", "sumif", "tdigest", "variance", "varianceif", "variancep",
		"variancepif":
		return PrefixAndFirstArgument, aggregate
	case "make_list", "make_list_if", "make_list_with_nulls", "makelist":
		return PrefixAndFirstArgument, "list"
	case "make_set", "make_set_if", "makeset":
		return PrefixAndFirstArgument, "set"
	case "make_bag", "make_bag_if":
		return PrefixAndFirstArgument, "bag"
	case "make_dictionary":
		return PrefixAndFirstArgument, "dictionary"
	case "buildschema":
		return PrefixAndFirstArgument, "schema"
	case "tdigest_merge", "merge_tdigest":
		return PrefixAndFirstArgument, "merge_tdigests"
	case "covariance", "covarianceif", "covariancep", "covariancepif":
		return PrefixAndTwoArguments, aggregate
	case "binary_all_and", "binary_all_or", "binary_all_xor", "passthrough", "take_anyif":
		return FirstArgument, ""
	}
	return None, ""
}
