package config

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A meaning is what a column holds. Its text is the English name.
type meaning string

// The meanings; without a header the first six stand in this order. The last five
// make a tax class where there is no column for it.
const (
	meansSKU         meaning = "sku"
	meansCode        meaning = "code"
	meansDescription meaning = "description"
	meansUnit        meaning = "unit"
	meansPrice       meaning = "price"
	meansTax         meaning = "tax"
	meansOrigin      meaning = "origin"
	meansNCM         meaning = "ncm"
	meansCEST        meaning = "cest"
	meansCFOP        meaning = "cfop"
	meansCSOSN       meaning = "csosn"
)

// fixedOrder is that of a file without a header.
var fixedOrder = []meaning{meansSKU, meansCode, meansDescription, meansUnit, meansPrice, meansTax}

// headings are the names that columns go by, as [heading] writes them.
var headings = headingsOf(map[meaning]string{
	meansSKU: "sku codigo cod codigointerno codinterno codigoproduto codproduto codprod plu referencia ref idproduto id",
	meansCode: "code ean ean13 gtin gtinean eangtin codigobarras codigosbarras codbarras codbarra barras barcode upc " +
		"codigoean codean codigogtin",
	meansDescription: "description descricao descr desc descricaoproduto produto nome nomeproduto mercadoria name product productname",
	meansUnit:        "unit unidade unid und un um medida unidademedida unidadecomercial ucom uom",
	meansPrice: "price preco precovenda precounitario precounit prunitario valor valorunitario valorvenda vlrvenda vlvenda " +
		"vunitario pvenda unitprice saleprice sellingprice",
	meansTax:    "tax taxclass classefiscal classetributaria grupofiscal grupotributario perfilfiscal tributacao",
	meansOrigin: "origin origem orig origemmercadoria",
	meansNCM:    "ncm ncmsh codigoncm codncm",
	meansCEST:   "cest codigocest codcest",
	meansCFOP:   "cfop codigocfop",
	meansCSOSN:  "csosn cst csosncst cstcsosn csticms",
})

func headingsOf(names map[meaning]string) map[string]meaning {
	byName := map[string]meaning{}
	for means, all := range names {
		for name := range strings.FieldsSeq(all) {
			byName[name] = means
		}
	}
	return byName
}

// unsaid are words that make no difference in a column's name, and what is left of
// the sign R$.
var unsaid = map[string]bool{"de": true, "do": true, "da": true, "r": true}

// heading writes a column's name so that accents, case, signs and small words do not
// matter: "Preço de Venda (R$)" is precovenda.
func heading(name string) string {
	var written strings.Builder
	// Marks are parted from their letters, and left out with all other signs.
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(strings.ToLower(name)))
	for word := range strings.FieldsFuncSeq(bare, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !unsaid[word] {
			written.WriteString(word)
		}
	}
	return written.String()
}

// columns says what stands in which place of a line.
type columns struct {
	at      map[meaning]int
	width   int // fields of a line
	header  bool
	ignored []string // names that say nothing here
}

// findColumns reads the first line: a header, if two of its names are known, or else
// an item. Names that only look like a header are an error.
func findColumns(first tableRow) (*columns, error) {
	found := &columns{at: map[meaning]int{}, width: len(first.cells)}
	if first.problem != nil {
		return nil, first.problem
	}
	for place, cell := range first.cells {
		means, known := headings[heading(cell.text)]
		if !known {
			if name := strings.TrimSpace(cell.text); name != "" {
				found.ignored = append(found.ignored, name)
			}
			continue
		}
		if other, twice := found.at[means]; twice {
			return nil, &Error{
				Line: first.line, Column: cell.column,
				Problem: fmt.Sprintf("the columns %q and %q both name the %s", strings.TrimSpace(first.cells[other].text), strings.TrimSpace(cell.text), means),
				Fix:     "rename or remove the one that is not meant",
			}
		}
		found.at[means] = place
	}
	if len(found.at) < 2 {
		return withoutHeader(first)
	}
	found.header = true
	return found, found.sufficient(first)
}

// sufficient refuses a header without the columns that an item cannot do without.
func (c *columns) sufficient(first tableRow) error {
	_, sku := c.at[meansSKU]
	_, code := c.at[meansCode]
	for _, need := range []struct {
		there bool
		name  string
		try   string
	}{
		{sku || code, "the item's code", "sku or codigo, ean or gtin"},
		{c.has(meansDescription), "the description", "description or descrição"},
		{c.has(meansPrice), "the price", "price or preço"},
	} {
		if !need.there {
			return &Error{
				Line: first.line, Column: 1, Problem: "no column for " + need.name + "; not known are " + quotedList(c.ignored),
				Fix: "name it " + need.try,
			}
		}
	}
	return nil
}

func (c *columns) has(means meaning) bool {
	_, there := c.at[means]
	return there
}

// withoutHeader takes the fixed order, if the first line can be an item: it has a
// price where one must stand.
func withoutHeader(first tableRow) (*columns, error) {
	found := &columns{at: map[meaning]int{}, width: len(first.cells)}
	for place, means := range fixedOrder[:min(len(fixedOrder), len(first.cells))] {
		found.at[means] = place
	}
	place, there := found.at[meansPrice]
	if !there || !strings.ContainsAny(first.cells[place].text, "0123456789") || len(first.cells) > len(fixedOrder) {
		return nil, &Error{
			Line: first.line, Column: 1, Problem: "this is neither a header nor an item",
			Fix: "write a header such as sku,code,description,unit,price, or exactly these fields",
		}
	}
	return found, nil
}

// quotedList is at most a few names for an error text.
func quotedList(names []string) string {
	const most = 8
	if len(names) == 0 {
		return "none"
	}
	var quoted []string
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, held(name))
	}
	return strings.Join(quoted, ", ")
}
