package config_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"balcao/internal/config"
	"balcao/terminal/catalog"
)

// exported writes a file as a shop hands it over.
func exported(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "items.csv")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// imported reads a file without file-wide faults.
func imported(t testing.TB, content string) *config.Import {
	t.Helper()
	read, err := config.ReadItems(exported(t, content), nil)
	require.NoError(t, err)
	return read
}

// complaints are the errors without the folder.
func complaints(read *config.Import) (lines []string) {
	for _, bad := range read.Rejected {
		bad.Path = filepath.Base(bad.Path)
		lines = append(lines, bad.Error())
	}
	return lines
}

// The four things that every good file below sells.
var four = []catalog.Item{
	{SKU: "0017", Description: "PÃO FRANCÊS", Unit: "kg", Price: 169_000, Weighed: true},
	{SKU: "1007", Codes: []string{"7896089012453"}, Description: "CAFÉ TORRADO E MOÍDO 500G", Unit: "un", Price: 189_000},
	{SKU: "2001", Codes: []string{"07896006711131"}, Description: `TUBO 3/4" PVC, 6M`, Unit: "un", Price: 12_345_000},
	{SKU: "30", Codes: []string{"78918344"}, Description: "GASOLINA COMUM", Unit: "l", Price: 58_990, Weighed: true},
}

const semicolons = `Código;Cód. de Barras;Descrição do Produto;Unidade;Preço de Venda (R$)
0017;;PÃO FRANCÊS;KG;16,90
1007;7896089012453;CAFÉ TORRADO E MOÍDO 500G;UN;18,9
2001;07896006711131;TUBO 3/4" PVC, 6M;und.;1.234,50
30;78918344;GASOLINA COMUM;LITRO;5,899
`

func TestAShopsOwnFileIsReadHoweverItIsWritten(t *testing.T) {
	windows, err := charmap.Windows1252.NewEncoder().String(semicolons)
	require.NoError(t, err)
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(semicolons, ";", "\t"))
	require.NoError(t, err)
	lines := strings.SplitAfter(semicolons, "\n")
	latin := strings.SplitAfter(windows, "\n")
	for name, content := range map[string]string{
		"semicolons and commas":   semicolons,
		"byte order mark":         "\ufeff" + semicolons,
		"Windows-1252":            windows,
		"lines of two encodings":  lines[0] + lines[1] + latin[2] + lines[3] + latin[4],
		"CRLF and no last end":    strings.TrimSuffix(strings.ReplaceAll(semicolons, "\n", "\r\n"), "\r\n"),
		"CR":                      strings.ReplaceAll(semicolons, "\n", "\r"),
		"tabs":                    strings.ReplaceAll(semicolons, ";", "\t"),
		"bars":                    strings.ReplaceAll(semicolons, ";", "|"),
		"UTF-16 of a spreadsheet": wide,
		"separator told":          "sep=;\n" + semicolons,
		"blank lines":             "\n" + strings.ReplaceAll(semicolons, "\n", "\n;;;;\n  \n"),
		"commas, points, quotes": `"sku","code","description","unit","price"
"0017","","PÃO FRANCÊS","kg","16.90"
"1007","7896089012453","CAFÉ TORRADO E MOÍDO 500G","un","18.90"
"2001","07896006711131","TUBO 3/4"" PVC, 6M","un","1,234.50"
"30","78918344","GASOLINA COMUM","l","5.899"
`,
		"quoted decimal commas": `plu,ean,produto,un,"valor"
0017,SEM GTIN,PÃO FRANCÊS,quilo,"16,90"
1007,7896 0890 12453, CAFÉ  TORRADO E MOÍDO 500G ,Peça,"R$ 18,90"
2001,07896006711131,"TUBO 3/4"" PVC, 6M",un,"R$ 1.234,50"
30,78918344,GASOLINA COMUM,lt,"5,8990"
`,
		"formulas that keep zeros": `GTIN;COD;NOME;UN;PRECO
="";="0017";PÃO FRANCÊS;kg;16,90
="7896089012453";="1007";CAFÉ TORRADO E MOÍDO 500G;un;18,90
'07896006711131;'2001;"TUBO 3/4"" PVC, 6M";un;1234,50
"=""78918344""";30;GASOLINA COMUM;l;5,899000
`,
		"no header": strings.Join(lines[1:], ""),
		"other columns between": `Fornecedor;ean13;Estoque;descr;medida;preço;codigo
X;;1,5;PÃO FRANCÊS;kg;16,90;0017
X;7896089012453;;CAFÉ TORRADO E MOÍDO 500G;un;18,90;1007
;07896006711131;7;TUBO 3/4" PVC, 6M;un;1 234,50;2001
;78918344;1.000,00;GASOLINA COMUM;l;5,899;30
`,
	} {
		t.Run(name, func(t *testing.T) {
			read := imported(t, content)
			require.Empty(t, complaints(read))
			require.Equal(t, 4, read.Lines)
			for i, item := range read.Items {
				if strings.HasPrefix(name, "quoted") && item.SKU == "1007" {
					require.Equal(t, "pc", item.Unit)
					item.Unit = "un"
				}
				if len(item.Codes) == 0 {
					item.Codes = nil
				}
				require.Equal(t, four[i], item)
			}
		})
	}
}

func TestHowAFileWasUnderstoodIsTold(t *testing.T) {
	read := imported(t, "Fornecedor\tean13\tEstoque\tdescr\tpreço\nX\t7896089012453\t3\tCAF\xc9\t18,90\n")
	require.Equal(t, "Windows-1252", read.Encoding)
	require.Equal(t, "tab", read.Separator)
	require.True(t, read.Header)
	require.Equal(t, []string{"Fornecedor", "Estoque"}, read.Ignored)
	require.Equal(t, "7896089012453", read.Items[0].SKU, "a thing without a code of the shop goes by its GTIN")
	require.Equal(t, "un", read.Items[0].Unit)
}

func TestTaxClassIsTakenOrMadeOfItsParts(t *testing.T) {
	read := imported(t, "codigo;descricao;preço;classe fiscal\n1;SAL;2,49;BASICA\n2;PAPEL;3,00;\n")
	require.Equal(t, "BASICA", read.Items[0].Tax)
	require.Empty(t, read.Items[1].Tax)
	read = imported(t, "codigo;descricao;preço;NCM;CEST;CFOP;CSOSN;origem\n1;COLA 2L;9,99;2202.10.00;03.011.00;5405;500;0\n2;SAL;2,49;25010020;;5102;102;\n3;BALA;1,00;;;;;\n")
	require.Empty(t, complaints(read))
	require.Equal(t, "0:22021000:0301100:5405:500", read.Items[0].Tax)
	require.Equal(t, ":25010020::5102:102", read.Items[1].Tax)
	require.Empty(t, read.Items[2].Tax)
}

// brokenLines each spoil one line of a file with that header; the other lines count.
func TestEveryBadLineSaysWhereWhatAndWhatToWrite(t *testing.T) {
	const header, good = "codigo;ean;descricao;un;preço;ncm\n", "17;;PÃO FRANCÊS;kg;16,90;\n"
	for name, row := range map[string]struct{ line, want string }{
		"field missing":        {"18;;PÃO DOCE;un;2,50", `items.csv:3:1: 5 fields, the first line has 6; write all fields, empty ones too, and put texts with a separator in quotes`},
		"separator in a name":  {"18;;PÃO; DOCE;un;2,50;", `items.csv:3:1: 7 fields, the first line has 6; write all fields, empty ones too, and put texts with a separator in quotes`},
		"quote not closed":     {`18;;"PÃO DOCE;un;2,50;`, `items.csv:3:5: a quote is opened and not closed on this line; close it, or double a quote that belongs to the text: "TUBO 3/4"" PVC"`},
		"text behind a quote":  {`18;;"PÃO" DOCE;un;2,50;`, `items.csv:3:5: text stands behind a closing quote; double a quote that belongs to the text: "TUBO 3/4"" PVC"`},
		"no code":              {";SEM GTIN;PÃO DOCE;un;2,50;", `items.csv:3:1: sku: no code; write the shop's own code of the item, or its GTIN`},
		"code with blanks":     {"18 A;;PÃO DOCE;un;2,50;", `items.csv:3:1: sku: "18 A" cannot be typed at the till; write it without blanks and stars`},
		"code with decimals":   {"18.0;;PÃO DOCE;un;2,50;", `items.csv:3:1: sku: "18.0" is a code with decimals; write 18`},
		"shortened GTIN":       {"18;7,89609E+12;PÃO DOCE;un;2,50;", `items.csv:3:4: code: "7,89609E+12" has lost its last digits; make the column text in the spreadsheet, enter the codes again, and export`},
		"wrong check digit":    {"18;7896089012454;PÃO DOCE;un;2,50;", `items.csv:3:4: code: code 7896089012454 has a wrong check digit: 7896089012453 would be right; correct it, or leave it empty`},
		"no description":       {"18;; ;un;2,50;", `items.csv:3:5: description: no description; write what is sold, as it shall stand on the receipt`},
		"description too long": {"18;;" + strings.Repeat("Ã", 121) + ";un;2,50;", `items.csv:3:5: description: "` + strings.Repeat("Ã", 40) + `…" has 121 characters, 120 fit; shorten it`},
		"wrong encoding twice": {"18;;PÃ£o doce Ã\u00a0 moda;un;2,50;", `items.csv:3:5: description: "PÃ£o doce Ã\u00a0 moda" was read in a wrong encoding before; write "Pão doce à moda"`},
		"free place twice":     {"18;;CHÃ\u0081;un;2,50;", `items.csv:3:5: description: "CHÃ\u0081" was read in a wrong encoding before; write "CHÁ"`},
		"lost characters":      {"18;;P\ufffdO DOCE;un;2,50;", `items.csv:3:5: description: "P�O DOCE" has characters that were lost; write the text again`},
		"control character":    {"18;;PÃO\x1b@;un;2,50;", `items.csv:3:5: description: "PÃO\x1b@" has control characters; write the text again`},
		"spreadsheet's error":  {"18;;#N/D;un;2,50;", `items.csv:3:5: description: "#N/D" is an error of the spreadsheet; correct the formula and export again`},
		"no unit":              {"18;;PÃO DOCE;2,50;2,50;", `items.csv:3:14: unit: "2,50" is no unit; write un, kg, l, m, or another one of at most 6 letters`},
		"no price":             {"18;;PÃO DOCE;un;;", `items.csv:3:17: price: no price; write it as 18,90, or leave the item out`},
		"price of words":       {"18;;PÃO DOCE;un;a combinar;", `items.csv:3:17: price: "a combinar" is no price; write it as 18,90`},
		"price of a dash":      {"18;;PÃO DOCE;un;-;", `items.csv:3:17: price: "-" is no price; write it as 18,90`},
		"price below zero":     {"18;;PÃO DOCE;un;-2,50;", `items.csv:3:17: price: "-2,50" is below zero; write it as 18,90`},
		"price of zero":        {"18;;PÃO DOCE;un;0,00;", `items.csv:3:17: price: the price is zero; write the price, or leave the item out`},
		"price of a code":      {"18;;PÃO DOCE;un;7896089012453;", `items.csv:3:17: price: "7896089012453" is too high for a price; put codes into their own column, and write it as 18,90`},
		"thousands not in 3":   {"18;;PÃO DOCE;un;1.23,45;", `items.csv:3:17: price: "1.23,45" is no price of at most four decimals; write it as 18,90`},
		"five decimals":        {"18;;PÃO DOCE;un;2,50001;", `items.csv:3:17: price: "2,50001" is no price of at most four decimals; write it as 18,90`},
		"nothing behind":       {"18;;PÃO DOCE;un;2,;", `items.csv:3:17: price: "2," is no price of at most four decimals; write it as 18,90`},
		"code taken":           {"017;;PÃO DOCE;un;2,50;", `items.csv:3:1: sku: 017 stands on line 2 already; keep one of the two lines, or correct the code`},
		"GTIN taken by a code": {"18;17;PÃO DOCE;un;2,50;", `items.csv:3:4: code: 17 stands on line 2 already; keep one of the two lines, or correct the code`},
		"zero of an NCM lost":  {"18;;CAFÉ;un;2,50;9012100", `items.csv:3:22: ncm: "9012100" has 7 digits, 8 are needed; write 09012100 if a zero in front was lost`},
		"NCM of letters":       {"18;;PÃO DOCE;un;2,50;isento", `items.csv:3:22: ncm: "isento" is not all digits; write the code, or leave it empty`},
	} {
		t.Run(name, func(t *testing.T) {
			want := strings.Replace(row.want, ":3:22:", fmt.Sprintf(":3:%d:", len([]rune(row.line[:strings.LastIndexByte(row.line, ';')]))+2), 1)
			read := imported(t, header+good+row.line+"\n30;;BALA;un;1,00;\n")
			require.Equal(t, []string{want}, complaints(read))
			require.Equal(t, 1, read.RejectedLines)
			require.Equal(t, 3, read.Lines)
			require.Len(t, read.Items, 2, "the other lines are good")
		})
	}
}

func TestEverythingWrongOnALineIsTold(t *testing.T) {
	read := imported(t, "codigo;ean;descricao;un;preço\n1 8;1234;;12;x\n17;;PÃO;kg;16,90\n")
	require.Len(t, complaints(read), 4)
	require.Equal(t, 1, read.RejectedLines)
}

func TestAPriceThatMayBeTwoIsRefusedUnlessTheFileTells(t *testing.T) {
	const alone = "codigo;descricao;preço\n1;A;1.234\n2;B;7\n"
	require.Equal(t, []string{
		`items.csv:2:5: price: "1.234" may be two prices, and the file does not tell its decimal mark; write 1234,00 or 1,2340`,
	}, complaints(imported(t, alone)))
	for line, want := range map[string]string{
		"3;C;2,50": "1234.00", "3;C;2.50": "1.234", "3;C;1.234.567,89": "1234.00", "3;C;0.899": "1.234",
		"3;C;1,234.5": "1.234", "3;C;1.234.567": "1234.00", "3;C;12.5": "1.234",
	} {
		read := imported(t, alone+line+"\n")
		require.Equal(t, want, read.Items[0].Price.String(), line)
	}
	require.Len(t, complaints(imported(t, alone+"3;C;2,50\n4;D;2.50\n")), 1, "a file of two habits tells nothing")
	require.Len(t, complaints(imported(t, alone+"3;C;abc.de\n")), 2, "words tell nothing")
}

func TestAPriceSplitAtItsCommaIsNeverTheWholePart(t *testing.T) {
	for _, content := range []string{
		"17,,PÃO FRANCÊS,kg,16,90\n",
		"sku,code,description,unit,price,tax\n17,,PÃO FRANCÊS,kg,16,90\n",
	} {
		read := imported(t, content)
		require.Empty(t, read.Items)
		require.Contains(t, complaints(read)[0], `price: "16" and "90" look like one price split at its comma; write "16,90" in quotes, or 16.90`)
	}
	read := imported(t, "sku,description,price\n17,PÃO FRANCÊS,16,90\n")
	require.Equal(t, []string{`items.csv:2:1: 4 fields, the first line has 3; put texts and prices with a comma in quotes: "16,90"`}, complaints(read))
	require.Len(t, imported(t, "17;;PÃO FRANCÊS;kg;16;90\n").Items, 1, "a tax class of two digits beside a whole price")
}

func TestAFileThatIsNoListOfItemsIsRefusedAsAWhole(t *testing.T) {
	for name, row := range map[string]struct{ content, want string }{
		"empty":             {"", "items.csv: there is nothing in it"},
		"blank":             {" \n;;\n\n", "items.csv: there is nothing in it"},
		"only a separator":  {"sep=;\n", "items.csv: there is nothing in it"},
		"only a header":     {"sku,description,price\n", "items.csv: a header and no item"},
		"spreadsheet":       {"PK\x03\x04....", "items.csv: this is a spreadsheet, not text: open it and save it as CSV (UTF-8)"},
		"old spreadsheet":   {"\xd0\xcf\x11\xe0....", "items.csv: this is a spreadsheet, not text: open it and save it as CSV (UTF-8)"},
		"something else":    {"GIF89a\x00\x01", "items.csv: this is not text: export the items as CSV (UTF-8)"},
		"unknown names":     {"alfa;beta;gama\n1;2;3\n", "items.csv:1:1: this is neither a header nor an item; write a header such as sku,code,description,unit,price, or exactly these fields"},
		"no price column":   {"codigo;descricao;custo\n1;A;2\n", `items.csv:1:1: no column for the price; not known are "custo"; name it price or preço`},
		"no description":    {"codigo;preco\n1;2\n", "items.csv:1:1: no column for the description; not known are none; name it description or descrição"},
		"no code":           {"\n\ndescricao;preco\n1;2\n", "items.csv:3:1: no column for the item's code; not known are none; name it sku or codigo, ean or gtin"},
		"two of a kind":     {"codigo;descricao;preço;valor\n", `items.csv:1:24: the columns "preço" and "valor" both name the price; rename or remove the one that is not meant`},
		"first line broken": {`codigo;"descricao;preço` + "\n", "items.csv:1:8: a quote is opened and not closed on this line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.ReadItems(exported(t, row.content), nil)
			require.ErrorContains(t, err, row.want)
		})
	}
	_, err := config.ReadItems(filepath.Join(t.TempDir(), "none.csv"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestProgressIsToldOfALongFile(t *testing.T) {
	var told []int
	read, err := config.ReadItems(exported(t, manyItems(25_000)), func(lines int) { told = append(told, lines) })
	require.NoError(t, err)
	require.Equal(t, []int{10_000, 20_000}, told)
	require.Len(t, read.Items, 25_000)
}

func TestWhatIsWrittenIsReadTheSameBothWays(t *testing.T) {
	read := imported(t, "codigo;ean;descricao;un;preço;tax\n"+
		"9;7896089012453 78918344;\"A; \"\"B\"\", C\";un;1,2345;0:2::5102:102\n10;;D;kg;2;\n")
	require.Empty(t, complaints(read))
	path := filepath.Join(t.TempDir(), "catalog.csv")
	require.NoError(t, config.WriteCatalog(path, read.Items))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "sku,code,description,unit,price,tax\n"+
		"10,,D,kg,2.00,\n"+
		"9,7896089012453 78918344,\"A; \"\"B\"\", C\",un,1.2345,0:2::5102:102\n", string(content))
	loaded, err := config.Catalog(path)
	require.NoError(t, err)
	again, err := config.ReadItems(path, nil)
	require.NoError(t, err)
	require.Empty(t, complaints(again))
	for _, items := range [][]catalog.Item{loaded.Items(), again.Items} {
		changes := config.Compare(read.Items, items)
		require.Equal(t, 2, changes.Unchanged, changes)
	}
}

// FuzzReadItems: whatever the file, nothing panics, each line is either an item or
// rejected with its place, and what was read can be written and read again.
func FuzzReadItems(f *testing.F) {
	f.Add([]byte(semicolons))
	f.Add([]byte("17,,PÃO FRANCÊS,kg,16.90\n"))
	f.Add([]byte("sku,code,description,unit,price,tax\n17,,\"P\xc3O\",kg,\"1.234,5\",x\n"))
	f.Add([]byte("\xff\xfes\x00k\x00u\x00"))
	f.Add([]byte("sep=\t\r\ncodigo\tdescricao\tpreco\r\n=\"01\"\tA\t7\r\n"))
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(folder, "items.csv")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		read, err := config.ReadItems(path, nil)
		if err != nil {
			return
		}
		require.Equal(t, read.Lines, len(read.Items)+read.RejectedLines)
		require.GreaterOrEqual(t, len(read.Rejected), read.RejectedLines)
		lines := bytes.Count(content, []byte("\n")) + bytes.Count(content, []byte("\r")) + 1
		for _, bad := range read.Rejected {
			require.Positive(t, bad.Line)
			require.LessOrEqual(t, bad.Line, lines)
			require.Positive(t, bad.Column)
			require.NotEmpty(t, bad.Fix)
		}
		written := filepath.Join(folder, "catalog.csv")
		require.NoError(t, config.WriteCatalog(written, read.Items))
		loaded, err := config.Catalog(written)
		require.NoError(t, err)
		require.Equal(t, len(read.Items), config.Compare(loaded.Items(), read.Items).Unchanged)
	})
}

// manyItems is an export with so many lines.
func manyItems(count int) string {
	var content strings.Builder
	content.WriteString("Código;EAN;Descrição;Unidade;Preço;NCM;CFOP;CSOSN\r\n")
	for i := range count {
		body := fmt.Sprintf("789%09d", i)
		digit, _ := catalog.CheckDigit(body)
		fmt.Fprintf(&content, "%06d;%s%c;PRODUTO DE SUPERMERCADO Nº %d À GRANEL 500G;UN;%d,%02d;19059090;5102;102\r\n",
			i+1, body, digit, i, 1+i%500, i%100)
	}
	return content.String()
}

// BenchmarkReadItems reads a file of 100,000 items.
func BenchmarkReadItems(b *testing.B) {
	path := exported(b, manyItems(100_000))
	b.ReportAllocs()
	for b.Loop() {
		read, err := config.ReadItems(path, nil)
		require.NoError(b, err)
		require.Len(b, read.Items, 100_000)
	}
}

// BenchmarkCatalog loads 100,000 items as the till does when it starts.
func BenchmarkCatalog(b *testing.B) {
	read, err := config.ReadItems(exported(b, manyItems(100_000)), nil)
	require.NoError(b, err)
	path := filepath.Join(b.TempDir(), "catalog.csv")
	require.NoError(b, config.WriteCatalog(path, read.Items))
	b.ReportAllocs()
	for b.Loop() {
		_, err := config.Catalog(path)
		require.NoError(b, err)
	}
}
