package fn

// scalarTables lists every table of scalar functions. One function a file makes each, named for the family.
func scalarTables() [][]Scalar {
	return [][]Scalar{
		datetimeCalendarFunctions(), datetimePartsFunctions(), datetimeArithFunctions(), datetimeMakeFunctions(), datetimeFormatFunctions(), datetimeZoneFunctions(),
		mathBasicFunctions(), mathTrigFunctions(), mathBitsFunctions(), mathSpecialFunctions(), mathBinFunctions(),
		conditionFunctions(), convertFunctions(), bagFunctions(), packFunctions(),
		arrayFunctions(), arrayShiftFunctions(), arraySortFunctions(), arrayMakeFunctions(), setFunctions(), miscFunctions(),
		hllFunctions(), tdigestFunctions(),
	}
}

// aggregateTables lists every table of aggregates.
func aggregateTables() [][]Aggregate {
	return [][]Aggregate{
		countAggregates(), sumAggregates(), extremeAggregates(), distinctAggregates(), percentileAggregates(), spreadAggregates(),
		collectAggregates(), argAggregates(), binaryAggregates(), schemaAggregates(), tdigestAggregates(),
	}
}
