package fn

import "testing"

func TestResultName(t *testing.T) {
	for _, c := range []struct {
		function string
		kind     NameKind
		prefix   string
	}{
		{"tostring", FirstArgument, ""},
		{"bin", FirstArgument, ""},
		{"startofday", FirstArgument, ""},
		{"startofweek", None, ""}, // unlike startofday
		{"make_datetime", OnlyArgument, ""},
		{"strlen", NameAndFirstArgument, "strlen"},
		{"dcount_hll", NameAndFirstArgument, "dcount_hll"},
		{"array_sort_desc", FirstArgumentSorted, ""},
		{"gettype", PrefixAndFirstArgument, "type"},
		{"percentiles_array_tdigest", PrefixAndFirstArgument, "percentile_tdigest"},
		{"ingestion_time", PrefixOnly, "$IngestionTime"},
		{"hll_merge", PrefixOnly, "hll_merged_result"},
		{"merge_tdigest", PrefixOnly, "tdigests_merge_result"},
		{"column_ifexists", FirstArgumentValueIfColumn, ""},
		{"strcat", None, ""},
		{"series_stats", None, ""},
		{"count", None, ""},    // an aggregate
		{"ToString", None, ""}, // names are case-sensitive
		{"", None, ""},
	} {
		if kind, prefix := ResultName(c.function); kind != c.kind || prefix != c.prefix {
			t.Errorf("ResultName(%q) = %d, %q; want %d, %q", c.function, kind, prefix, c.kind, c.prefix)
		}
	}
}

func TestAggregateResultName(t *testing.T) {
	for _, c := range []struct {
		aggregate string
		kind      NameKind
		prefix    string
	}{
		{"count", PrefixAndFirstArgument, "count"},
		{"dcountif", PrefixAndFirstArgument, "dcountif"},
		{"make_list_with_nulls", PrefixAndFirstArgument, "list"},
		{"make_set_if", PrefixAndFirstArgument, "set"},
		{"make_bag", PrefixAndFirstArgument, "bag"},
		{"buildschema", PrefixAndFirstArgument, "schema"},
		{"hll_merge", PrefixAndFirstArgument, "hll_merge"},
		{"tdigest_merge", PrefixAndFirstArgument, "merge_tdigests"},
		{"covariancepif", PrefixAndTwoArguments, "covariancepif"},
		{"take_anyif", FirstArgument, ""},
		{"take_any", None, ""},
		{"arg_max", None, ""},
		{"percentiles", None, ""},
		{"tostring", None, ""}, // a scalar function
	} {
		if kind, prefix := AggregateResultName(c.aggregate); kind != c.kind || prefix != c.prefix {
			t.Errorf("AggregateResultName(%q) = %d, %q; want %d, %q", c.aggregate, kind, prefix, c.kind, c.prefix)
		}
	}
}

// A kind and its prefix agree for every function that the library has.
func TestResultNamePrefixFollowsKind(t *testing.T) {
	l, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, kind NameKind, prefix string) {
		needs := kind != None && kind != FirstArgument && kind != OnlyArgument && kind != FirstArgumentSorted && kind != FirstArgumentValueIfColumn
		if needs != (prefix != "") {
			t.Errorf("%s: kind %d with the prefix %q", name, kind, prefix)
		}
		if (kind == NameAndFirstArgument || kind == NameAndOnlyArgument) && prefix != name {
			t.Errorf("%s: kind %d with the prefix %q", name, kind, prefix)
		}
	}
	for _, name := range l.ScalarNames() {
		kind, prefix := ResultName(name)
		check(name, kind, prefix)
	}
	for _, name := range l.AggregateNames() {
		kind, prefix := AggregateResultName(name)
		check(name, kind, prefix)
	}
}
