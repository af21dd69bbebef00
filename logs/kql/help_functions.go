package kql

// languageFunctions are the functions that the language itself treats: those that look at the rows around, at the columns, or at a table.
func languageFunctions() []Help {
	return []Help{
		{Name: "bin_auto", Form: "bin_auto(value)", Help: "Rounds down to the size and origin of 'set query_bin_auto_size' and 'set query_bin_auto_at'.", Example: "set query_bin_auto_size = 1h; print x = bin_auto(now())"},
		{Name: "column_ifexists", Form: "column_ifexists(name: string, otherwise)", Help: "Returns a column of the rows, or otherwise a value where there is none of that name.", Example: "print a = 1 | extend x = column_ifexists('b', 2)", Aliases: []string{"columnifexists"}},
		{Name: "column_names_of", Form: "column_names_of(Table)", Help: "Returns the names of the columns of a table as an array.", Example: "print x = column_names_of(AmlOnlineEndpointTrafficLog)"},
		{Name: "iscolumnexists", Form: "iscolumnexists(name: string)", Help: "Says whether the rows have a column of that name.", Example: "print a = 1 | extend x = iscolumnexists('a')"},
		{Name: "materialize", Form: "materialize(Table)", Help: "Computes a table once for all of its uses in the query.", Example: "let t = materialize(print a = 1); t | join t on a"},
		{Name: "next", Form: "next(column [, offset: long [, otherwise]])", Help: "Returns the column's value some rows later, in rows that are in an order.", Example: "range a from 1 to 3 step 1 | serialize x = next(a, 1, 0)"},
		{Name: "pack_all", Form: "pack_all([ignore_null_empty: bool])", Help: "Makes a property bag of all columns of a row.", Example: "print a = 1 | extend x = pack_all()"},
		{Name: "prev", Form: "prev(column [, offset: long [, otherwise]])", Help: "Returns the column's value some rows earlier, in rows that are in an order.", Example: "range a from 1 to 3 step 1 | serialize x = prev(a, 1, 0)"},
		{Name: "row_cumsum", Form: "row_cumsum(term [, restart: bool])", Help: "Sums up the rows so far, in rows that are in an order.", Example: "range a from 1 to 3 step 1 | serialize x = row_cumsum(a, a == 2)"},
		{Name: "row_number", Form: "row_number([start: long [, restart: bool]])", Help: "Counts the rows so far, in rows that are in an order.", Example: "range a from 1 to 3 step 1 | serialize x = row_number(1, a == 2)"},
		{Name: "row_rank_dense", Form: "row_rank_dense(term [, restart: bool])", Help: "Counts the different values so far, in rows that are in an order.", Example: "range a from 1 to 3 step 1 | serialize x = row_rank_dense(a, a == 2)"},
		{Name: "row_rank_min", Form: "row_rank_min(term [, restart: bool])", Help: "Returns the number of the first row with the same value, in rows that are in an order.", Example: "range a from 1 to 3 step 1 | serialize x = row_rank_min(a, a == 2)"},
		{Name: "row_window_session", Form: "row_window_session(time: datetime, longest: timespan, gap: timespan [, restart: bool])", Help: "Returns the start of the session that a row belongs to, in rows that are in an order.", Example: "range a from 1 to 3 step 1 | serialize x = row_window_session(now() + a * 1s, 1h, 1m, a == 2)"},
		{Name: "toscalar", Form: "toscalar(Table)", Help: "Returns the first cell of a table as a value.", Example: "print x = toscalar(print a = 1)"},
		{Name: "typeof", Form: "typeof(Type)", Help: "Names a type, after 'to' in mv-expand and mv-apply.", Example: "print a = dynamic([1, 2]) | mv-expand a to typeof(long)"},
	}
}
