package catalog_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/terminal/catalog"
	"balcao/terminal/money"
)

// layout reads a picture.
func layout(t testing.TB, picture string) catalog.Layout {
	t.Helper()
	var read catalog.Layout
	require.NoError(t, read.UnmarshalText([]byte(picture)))
	return read
}

// labelled ends twelve digits with their check digit.
func labelled(body string) string {
	digit, _ := catalog.CheckDigit(body)
	return body + string(digit)
}

// Labels as vendors of tills and scales describe them: 102 g of PLU 2, 7,60 of PLU
// 1, and 1.5 kg of PLU 12345.
func TestLabelsThatVendorsShow(t *testing.T) {
	items, err := catalog.New([]catalog.Item{
		{SKU: "1", Description: "PRESUNTO", Unit: "kg", Price: 200_000},
		{SKU: "2", Description: "QUEIJO", Unit: "kg", Price: 399_000},
		{SKU: "12345", Description: "MASSA FRESCA", Unit: "kg", Price: 100_000},
	}, layout(t, "20CCCCCPPPPPD"), layout(t, "21CCCCCPPPPPDV"))
	require.NoError(t, err)
	match, found := items.Lookup("2000002001027")
	require.True(t, found)
	require.Equal(t, "QUEIJO", match.Item.Description)
	require.Equal(t, money.Quantity(102), match.Quantity)
	require.Equal(t, money.UnitPrice(399_000), match.UnitPrice)
	require.Nil(t, match.Total)

	match, found = items.Lookup("2112345015002")
	require.True(t, found)
	require.Equal(t, "MASSA FRESCA", match.Item.Description)
	require.Equal(t, money.Quantity(1500), match.Quantity)

	items, err = catalog.New(items.Items(), layout(t, "2CCCCCCTTTTTD"))
	require.NoError(t, err)
	match, found = items.Lookup("2000001007600")
	require.True(t, found)
	require.Equal(t, "PRESUNTO", match.Item.Description)
	require.Equal(t, money.Cents(760), *match.Total)
	require.Equal(t, money.Quantity(380), match.Quantity)
}

func TestALabelWithATotalChargesThatTotal(t *testing.T) {
	items := shop(t)
	for name, row := range map[string]struct {
		label    string
		sku      string
		quantity money.Quantity
		price    money.UnitPrice
		total    money.Cents
	}{
		"weight worked out":                       {"200170001428", "17", 845, 169_000, 1428},
		"weight to the nearest gram, price to it": {"200170001429", "17", 846, 168_913, 1429},
		"one gram too few for a cent":             {"200170000001", "17", 1, 100_000, 1},
		"whole pieces":                            {"200030000750", "3", 3000, 25_000, 750},
		"one piece at the label's price":          {"200030000800", "3", 1000, 80_000, 800},
		"a thing without a price":                 {"200050000999", "5", 1000, 99_900, 999},
		"metres":                                  {"200040000250", "4", 2000, 12_500, 250},
		"SKU with zeros in front":                 {"200910003780", "0091", 2000, 189_000, 3780},
	} {
		t.Run(name, func(t *testing.T) {
			match, found := items.Lookup(labelled(row.label))
			require.True(t, found)
			require.Equal(t, row.sku, match.Item.SKU)
			require.Equal(t, row.quantity, match.Quantity)
			require.Equal(t, row.price, match.UnitPrice)
			require.Equal(t, row.total, *match.Total)
			extended, err := money.Extend(match.UnitPrice, match.Quantity)
			require.NoError(t, err)
			require.Equal(t, row.total, extended)
		})
	}
}

func TestALabelThatMakesNoSenseIsNotFound(t *testing.T) {
	byPrice, byWeight := shop(t), shop(t, layout(t, "2CCCC0PPPPPPD"))
	for name, row := range map[string]struct {
		items *catalog.Catalog
		label string
	}{
		"wrong check digit":         {byPrice, "2001700014280"},
		"too short":                 {byPrice, "200170001428"},
		"unknown goods":             {byPrice, labelled("209990001428")},
		"no total":                  {byPrice, labelled("200170000000")},
		"a digit where zero stands": {byPrice, labelled("200171001428")},
		"another prefix":            {byPrice, labelled("300170001428")},
		"weight without a price":    {byPrice, labelled("200060001428")},
		"more than a scale weighs":  {byPrice, labelled("200170999999")},
		"no weight":                 {byWeight, labelled("200170000000")},
		"too heavy":                 {byWeight, labelled("200170100001")},
		"grams of pieces":           {byWeight, labelled("200030000845")},
		"grams of ribbon":           {byWeight, labelled("200040000845")},
	} {
		t.Run(name, func(t *testing.T) {
			match, found := row.items.Lookup(row.label)
			require.False(t, found, "%+v", match)
		})
	}
	_, found := byWeight.Lookup(labelled("200170100000"))
	require.True(t, found, "100 kg are not too heavy")
}

func TestACodeOfTheCatalogueIsNoLabel(t *testing.T) {
	own := labelled("200170001428")
	items, err := catalog.New([]catalog.Item{
		{SKU: "17", Description: "PÃO FRANCÊS", Unit: "kg", Price: 169_000},
		{SKU: "18", Codes: []string{own}, Description: "CESTA", Unit: "un", Price: 990_000},
	})
	require.NoError(t, err)
	match, found := items.Lookup(own)
	require.True(t, found)
	require.Equal(t, "CESTA", match.Item.Description)
	require.Nil(t, match.Total)
}

func TestFindReadsNoLabel(t *testing.T) {
	_, found := shop(t).Find(labelled("200170001428"))
	require.False(t, found, "who asks Find sells one piece")
}

func TestLayoutsAreWrittenAsPictures(t *testing.T) {
	for _, picture := range []string{"2CCCC0TTTTTTD", "2CCCC00PPPPPD", "2CCCCCCTTTTTD", "20CCCCCPPPPPD", "29CCCCTTTTTTD", "2CCCCCTTTTTTD"} {
		read := layout(t, picture)
		written, err := read.MarshalText()
		require.NoError(t, err)
		require.Equal(t, picture, string(written))
	}
	require.Equal(t, catalog.DefaultLayouts()[0], layout(t, "2cccc0tttttt"))
	require.Equal(t, catalog.Layout{Prefix: "20", CodeFrom: 2, CodeDigits: 5, ValueDigits: 5, Kind: catalog.WeightGrams}, layout(t, "20CCCCCPPPPPDV"))
	for picture, want := range map[string]string{
		"": "prefix", "7CCCC0TTTTTTD": "prefix", "200CCCCPPPPPD": "prefix", "2CCCCCCCCCCCD": "no weight (P) and no total (T)",
		"2CCCCTTTTTTD": "want a picture", "2CCCC0TTTTTTTTD": "do not fit", "2TTTTTTCCCCCD": "prefix", "2CCCPPPTTTTTD": "want a picture",
		"2CC0C0TTTTTTD": "want a picture", "TTTTT": "prefix",
	} {
		var read catalog.Layout
		require.ErrorContains(t, read.UnmarshalText([]byte(picture)), want, picture)
	}
}

func TestLayoutsThatOneLabelFitsAreRefused(t *testing.T) {
	_, err := catalog.New(nil, layout(t, "2CCCC0TTTTTTD"), layout(t, "20CCCCCPPPPPD"))
	require.EqualError(t, err, "label layouts 2CCCC0TTTTTTD and 20CCCCCPPPPPD: a label could be read as either; give them prefixes of their own")
	_, err = catalog.New(nil, catalog.Layout{Prefix: "2", CodeFrom: 0, CodeDigits: 4, ValueDigits: 6, Kind: catalog.TotalCents})
	require.ErrorContains(t, err, "do not fit")
	_, err = catalog.New(nil, catalog.Layout{Prefix: "2", CodeFrom: 1, CodeDigits: 4, ValueDigits: 6})
	require.ErrorContains(t, err, "no weight")
}

func TestEveryTotalOfALabelIsChargedToTheCent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(1, 10_000_000).Draw(t, "price")
		total := rapid.Int64Range(1, 999_999).Draw(t, "total")
		items, err := catalog.New([]catalog.Item{{SKU: "17", Description: "X", Unit: "kg", Price: money.UnitPrice(price)}})
		require.NoError(t, err)
		match, found := items.Lookup(labelled(fmt.Sprintf("200170%06d", total)))
		if !found {
			tooMuch := total*100*1000/price >= 99_999
			tooLittle := total*100*1000 < price
			require.True(t, tooMuch || tooLittle, "a label that a scale may print")
			return
		}
		extended, err := money.Extend(match.UnitPrice, match.Quantity)
		require.NoError(t, err)
		require.Equal(t, money.Cents(total), extended)
	})
}

func FuzzLookup(f *testing.F) {
	items, byWeight := shop(f), shop(f, layout(f, "20CCCCCPPPPPD"), layout(f, "21CCCCCTTTTTD"))
	for _, code := range []string{"17", "7896089012453", "2001700014285", "2000002001027", "", "0", "2112345015002", "２001700014285"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		for _, in := range []*catalog.Catalog{items, byWeight} {
			match, found := in.Lookup(code)
			if !found {
				continue
			}
			extended, err := money.Extend(match.UnitPrice, match.Quantity)
			require.NoError(t, err)
			require.Positive(t, match.Quantity)
			if match.Total != nil {
				require.Equal(t, *match.Total, extended)
				require.True(t, catalog.ValidGTIN(code))
			}
		}
	})
}

func FuzzLayout(f *testing.F) {
	f.Add("2CCCC0TTTTTTD")
	f.Add("20CCCCCPPPPPDV")
	f.Fuzz(func(t *testing.T, picture string) {
		var read, again catalog.Layout
		if read.UnmarshalText([]byte(picture)) != nil {
			return
		}
		require.NoError(t, again.UnmarshalText([]byte(read.String())))
		require.Equal(t, read, again)
	})
}
