package syntax

// operatorDoc writes one operator, without the pipe before it.
func operatorDoc(op Operator) doc {
	switch op := op.(type) {
	case *Where:
		return cat{text("where "), exprDoc(op.Pred)}
	case *Extend:
		return argList(op.Start, "extend", op.Items)
	case *Print:
		return argList(op.Start, "print", op.Items)
	case *Serialize:
		return argList(op.Start, "serialize", op.Items)
	case *Project:
		word := "project"
		if op.Kind != "" {
			word += "-" + op.Kind
		}
		items, at := nodesOf(op.Items, projectItemDoc)
		return wordList(op.Start, word, items, at)
	case *Summarize:
		return summarizeDoc(op)
	case *Distinct:
		items, at := nodesOf(op.Items, exprDoc)
		return cat{text("distinct"), optionsDoc(op.Options), wordList(op.Start, "", items, at)}
	case *Sort:
		items, at := nodesOf(op.Keys, sortKeyDoc)
		return cat{text(op.Word), optionsDoc(op.Options), wordList(op.Start, " by", items, at)}
	case *Top:
		items, at := nodesOf(op.Keys, sortKeyDoc)
		return cat{text("top"), optionsDoc(op.Options), text(" "), exprDoc(op.N), wordList(op.Start, " by", items, at)}
	case *Take:
		return cat{text(op.Word + " "), exprDoc(op.N)}
	case *Count:
		if op.As.Text != "" || op.As.Quoted {
			return text("count as " + nameText(op.As))
		}
		return text("count")
	case *Sample:
		return cat{text("sample "), exprDoc(op.N)}
	case *SampleDistinct:
		return cat{text("sample-distinct "), exprDoc(op.N), text(" of "), exprDoc(op.Of)}
	case *As:
		return cat{text("as"), optionsDoc(op.Options), text(" " + nameText(op.Name))}
	case *Invoke:
		return cat{text("invoke "), exprDoc(op.Call)}
	case *Getschema:
		return text("getschema")
	case *Consume:
		return cat{text("consume"), optionsDoc(op.Options)}
	}
	return otherOperatorDoc(op)
}

// otherOperatorDoc writes the operators on several tables, with subqueries, or with a syntax of their own.
func otherOperatorDoc(op Operator) doc {
	switch op := op.(type) {
	case *Join:
		c := cat{text("join"), optionsDoc(op.Options), text(" "), exprDoc(op.Right)}
		if op.On != nil {
			c = append(c, onDoc(op.On))
		}
		if op.Where != nil {
			c = append(c, text(" where "), exprDoc(op.Where))
		}
		return c
	case *Lookup:
		return cat{text("lookup"), optionsDoc(op.Options), text(" "), exprDoc(op.Right), onDoc(op.On)}
	case *Union:
		items, at := nodesOf(op.Tables, exprDoc)
		return cat{text("union"), optionsDoc(op.Options), wordList(op.Start, "", items, at)}
	case *MakeSeries:
		return makeSeriesDoc(op)
	case *MvExpand, *MvApply:
		return expandDoc(op)
	case *ParseOp:
		return parseDoc(op)
	case *ParseKV:
		c := cat{text("parse-kv "), exprDoc(op.Expr), text(" as "), schemaDoc(op.Columns, false)}
		if op.Options != nil {
			c = append(c, text(" with "), optionListDoc(op.Options, op.Start, op.End))
		}
		return c
	case *Scan:
		return scanDoc(op)
	case *Partition:
		return partitionDoc(op)
	case *TopNested:
		return topNestedDoc(op)
	case *TopHitters:
		c := cat{text("top-hitters "), exprDoc(op.N), text(" of "), exprDoc(op.Of)}
		if op.By != nil {
			c = append(c, text(" by "), exprDoc(op.By))
		}
		return c
	case *Fork, *Facet:
		return branchesDoc(op)
	case *Reduce:
		return reduceDoc(op)
	case *Search:
		return searchDoc(op)
	case *Find:
		return findDoc(op)
	}
	return sourceDoc(op)
}

// sourceDoc writes the operators that make a table, plugins and charts.
func sourceDoc(op Operator) doc {
	switch op := op.(type) {
	case *Datatable:
		return datatableDoc(op)
	case *Range:
		return cat{
			text("range " + nameText(op.Name) + " from "), exprDoc(op.From), text(" to "), exprDoc(op.To), text(" step "), exprDoc(op.Step),
		}
	case *Externaldata:
		items, at := nodesOf(op.From, exprDoc)
		c := cat{text("externaldata"), schemaDoc(op.Columns, false), text(" ")}
		if op.With == nil {
			return append(c, bracketDoc("[", items, at, "]", op.Start, op.End))
		}
		// The list is not broken: the position of its bracket is not known.
		c = append(c, text("["))
		for i, d := range items {
			if i > 0 {
				c = append(c, text(", "))
			}
			c = append(c, d)
		}
		return append(c, text("] with "), optionListDoc(op.With, op.Start, op.End))
	case *AssertSchema:
		return cat{text("assert-schema "), schemaDoc(op.Columns, op.Open)}
	case *Evaluate:
		c := cat{text("evaluate"), optionsDoc(op.Options), text(" "), exprDoc(op.Call)}
		if op.Schema != nil || op.Open {
			c = append(c, text(" : "), schemaDoc(op.Schema, op.Open))
		}
		return c
	case *Render:
		c := cat{text("render " + nameText(op.Kind))}
		if op.HasWith {
			return append(c, text(" with "), optionListDoc(op.With, op.Start, op.End))
		}
		return append(c, optionsDoc(op.With))
	case *Unsupported:
		if op.Text == "" {
			return text(op.Name)
		}
		return cat{text(op.Name + " "), raw{text: op.Text, span: Span{op.End - len(op.Text), op.End}}}
	}
	return text("")
}
