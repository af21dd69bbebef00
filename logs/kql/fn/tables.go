package fn

// scalarTables lists every table of scalar functions. One function a file makes each, named for the family.
func scalarTables() [][]Scalar {
	return [][]Scalar{
		stringBasicFunctions(), stringJoinFunctions(), stringSearchFunctions(), stringReplaceFunctions(), stringJSONFunctions(),
		regexReplaceFunctions(), regexExtractFunctions(), hashFunctions(), unitFunctions(), ipV4Functions(), ipV6Functions(), ipSearchFunctions(),
		encodeBase64Functions(), encodeCompressFunctions(), encodePunycodeFunctions(), encodeURLFunctions(), encodeUnicodeFunctions(),
		parseURLFunctions(), parsePathFunctions(), parseCSVFunctions(), parseVersionFunctions(), parseCommandFunctions(), parseXMLFunctions(),
		parseUserAgentFunctions(), extractJSONFunctions(), formatBytesFunctions(),
		datetimeCalendarFunctions(), datetimePartsFunctions(), datetimeArithFunctions(), datetimeMakeFunctions(), datetimeFormatFunctions(), datetimeZoneFunctions(),
		mathBasicFunctions(), mathTrigFunctions(), mathBitsFunctions(), mathSpecialFunctions(), mathBinFunctions(),
		conditionFunctions(), convertFunctions(), bagFunctions(), packFunctions(),
		arrayFunctions(), arrayShiftFunctions(), arraySortFunctions(), arrayMakeFunctions(), setFunctions(), miscFunctions(),
		hllFunctions(), tdigestFunctions(),
		seriesElementFunctions(), seriesReduceFunctions(), seriesFillFunctions(), seriesFilterFunctions(), seriesStatsFunctions(),
		seriesFitFunctions(), seriesOutlierFunctions(), seriesPeriodFunctions(), seriesDecomposeFunctions(),
		geoMeasureFunctions(), geoRelateFunctions(), geohashFunctions(), geoTextFunctions(),
	}
}

// aggregateTables lists every table of aggregates.
func aggregateTables() [][]Aggregate {
	return [][]Aggregate{
		countAggregates(), sumAggregates(), extremeAggregates(), distinctAggregates(), percentileAggregates(), spreadAggregates(),
		collectAggregates(), argAggregates(), binaryAggregates(), schemaAggregates(), tdigestAggregates(),
	}
}
