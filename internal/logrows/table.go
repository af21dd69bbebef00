package logrows

// Column is one column of a table. Name is case-sensitive.
type Column struct {
	Name string
	Type Type
	Help string // one sentence, for editors and the documentation
}

// Table declares a log table. Columns are in the order in which queries show them.
type Table struct {
	Name    string
	Help    string // one sentence
	Columns []Column
}

// Column returns the index of the column with that exact name, or -1.
func (t *Table) Column(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}
