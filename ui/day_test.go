package ui

import (
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/stretchr/testify/require"

	"balcao/terminal/snapshot"
)

func TestNameIsLookedUpWhileItIsTyped(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.batters("a")
		d.settle(time.Second)
		d.told() // one letter is no name yet
		d.batters("rroz")
		d.settle(time.Second)
		d.told("search arroz") // once, when the fingers rest
		d.sees("ARROZ INTEGRAL 1KG")
		d.sees("Nome  arroz▌")
		d.batters(" i")
		d.settle(time.Second)
		d.misses("ARROZ BRANCO 5KG")
		d.types("1")
		d.told("search arroz", "search arroz i", "answer 1")
		d.sees("ITEM ARROZ INTEGRAL 1KG")
		d.misses("Procurar pelo nome")
		d.misses("arroz i▌")
	})
}

func TestRowOfAListIsPickedByArrows(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.types("arroz\n") // the list came up while the finger was on its way to Enter
		d.sees("ARROZ ARBÓREO 500G")
		d.settle(time.Second)
		d.press(tcell.KeyDown)
		d.press(tcell.KeyTab)
		d.press(tcell.KeyDown)
		d.press(tcell.KeyUp)
		d.types("\n")
		require.Equal(t, "answer 2", last(d.shop.commands()))
		d.sees("ITEM ARROZ INTEGRAL 1KG")
	})
}

func TestEscapeClosesTheListAndTheSaleStays(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("arr")
		d.sees("Procurar pelo nome")
		d.press(tcell.KeyF5)
		d.sees("Feche esta janela antes")
		d.press(tcell.KeyEscape)
		d.misses("Procurar pelo nome")
		d.sees("ITEM 7896006711131")
		d.types("\n")
		d.sees("Forma")
		require.Equal(t, []string{"cancel", "enter"}, d.shop.commands()[len(d.shop.commands())-2:])
	})
}

func TestBackspaceBelowANameClosesTheList(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.types("ar")
		d.sees("ARROZ BRANCO 5KG")
		d.press(tcell.KeyBackspace2)
		d.misses("ARROZ BRANCO 5KG")
		d.sees("a▌")
		d.told("search ar", "cancel")
	})
}

// A digit that was pressed before a list came up, or for an older one, must not
// sell something that nobody saw.
func TestDigitForAnOlderListSellsNothing(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.types("ar")
		d.sees("ARROZ BRANCO 5KG")
		release := d.shop.hold()
		d.batters("roz i")
		d.settle(time.Second)
		d.types("1")
		release()
		d.settle(time.Second)
		d.sees("A lista mudou: escolha de novo.")
		d.told("search ar", "search arroz i")
		d.settle(time.Second)
		d.types("1")
		d.told("search ar", "search arroz i", "answer 1")
		d.sees("ITEM ARROZ INTEGRAL 1KG")
	})
}

func TestEnterWaitsForTheListOfTheNewestName(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.types("ar")
		d.sees("ARROZ BRANCO 5KG")
		d.batters("roz i\n")
		d.settle(time.Second)
		d.sees("ARROZ INTEGRAL 1KG")
		d.misses("ARROZ BRANCO 5KG")
		d.told("search ar", "search arroz i")
		d.types("\n")
		require.Equal(t, "answer 1", last(d.shop.commands()))
	})
}

func TestScanOfLettersIsNoSearch(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("ABCD1234")
		d.settle(time.Second)
		d.told("scan ABCD1234")
	})
}

func TestDigitOfAListWaitsUntilItIsNoScan(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.batters("arroz")
		d.settle(time.Second)
		d.sees("ARROZ BRANCO 5KG")
		d.scans("1896006711131")
		d.told("search arroz", "scan 1896006711131")
	})
}

func TestQuestionIsAnsweredByItsDigit(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.types(bothNumber + "\n")
		d.sees("O que é?")
		d.types("x\n")
		d.sees("Responda pelo número, ou Esc.")
		d.types("9")
		d.types("2")
		d.told("enter "+bothNumber, "answer 2")
		d.misses("O que é?")
		d.sees("529.982.247-25")
		d.types(bothNumber + "\n")
		d.press(tcell.KeyEscape)
		d.misses("O que é?")
		require.Equal(t, "cancel", last(d.shop.commands()))
	})
}

func TestSecondPersonAllowsADiscount(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("50%\n")
		d.sees("Precisa de um supervisor")
		d.sees("pedido por Maria S.")
		d.sees("R$ 5,00")
		d.types("7\n")
		d.types("1111\n")
		d.sees("Operador ou PIN não confere.")
		d.types("8642\n")
		d.misses("8642")
		d.told("scan 7896006711131", "enter 50%", "approve 7 PIN:1111", "approve 7 PIN:8642")
		d.misses("Precisa de um supervisor")
		d.sees("Descontos")
		d.sees("-5,00")
	})
}

func TestEscapeRefusesAnApprovalAndForgetsThePIN(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("50%\n7\n86")
		d.sees("••▌")
		d.press(tcell.KeyEscape)
		d.misses("Precisa de um supervisor")
		d.misses("86▌")
		d.told("scan 7896006711131", "enter 50%", "cancel")
	})
}

// Keys in a hurry meet the window that the till has put up, not the entry line.
func TestQuickPINNeverStandsInTheEntryLine(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.batters("50%\n7\n8642\n")
		d.settle(time.Second)
		d.told("scan 7896006711131", "enter 50%", "approve 7 PIN:8642")
	})
}

func TestCashOutIsAFormAndMayWantASecondPerson(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.press(tcell.KeyF10)
		d.sees("Menu do caixa")
		d.types("2")
		d.sees("Dinheiro que sai da gaveta")
		d.types("\n")
		d.sees("Digite o valor.")
		d.types("500\n")
		d.press(tcell.KeyF8)
		d.sees("Digite o motivo.")
		d.types("malote\n")
		d.sees("F8 registra, Esc volta.")
		d.told()
		d.press(tcell.KeyF8)
		d.sees("Precisa de um supervisor")
		d.press(tcell.KeyEscape)
		d.sees("malote") // what was typed is still there
		d.press(tcell.KeyF8)
		d.types("7\n8642\n")
		d.told("cash_out malote 500.00", "cancel", "cash_out malote 500.00", "approve 7 PIN:8642")
		d.sees("Sangria de 500,00 registrada.")
		d.misses("malote")
	})
}

func TestScanIsNeverTypedIntoAForm(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.press(tcell.KeyF10)
		d.types("1")
		d.types("10")
		d.scans("7896006711131")
		d.sees("Valor R$   10▌")
		d.types("0\ntroco")
		d.press(tcell.KeyF8)
		d.told("scan 7896006711131", "cash_in troco 100.00")
		d.sees("Suprimento de 100,00 registrado.")
	})
}

func TestMenuSaysWhyARowCannotBeUsed(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.press(tcell.KeyCtrlN)
		d.types("4")
		d.sees("Há uma venda aberta")
		d.types("5")
		d.sees("Ainda não há venda")
		d.types("9")
		d.sees("Não há linha 9.")
		d.press(tcell.KeyUp)
		d.press(tcell.KeyUp)
		d.types("\n")
		d.told("scan 7896006711131", "x_report")
	})
}

func TestDayClosesWithABlindCountARecountAndAZ(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.press(tcell.KeyF10)
		d.types("4")
		d.sees("Conte o dinheiro da gaveta")
		d.misses("647,30")
		d.press(tcell.KeyF8)
		d.sees("Conte a gaveta primeiro")
		d.types("\n")
		d.sees("Digite o valor contado")
		d.types("600\n")
		d.sees("▼ -47,30")
		d.sees("FALTA")
		d.sees("12 registro(s) a enviar à central")
		d.types("650")
		d.press(tcell.KeyF8)
		d.sees("Há texto na linha")
		d.types("\n")
		d.sees("▲ +2,70")
		d.sees("contagem 2")
		d.types("647,30\n")
		d.sees("✓ 0,00")
		d.press(tcell.KeyF8)
		d.told("begin_close", "count 600.00", "count 650.00", "count 647.30", "close")
		d.sees("Entrar no caixa")
		d.sees("Caixa fechado. Z 1")
	})
}

func TestEscapeLeavesTheCount(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.press(tcell.KeyF10)
		d.types("4")
		d.types("6")
		d.press(tcell.KeyEscape)
		d.sees("Conte o dinheiro da gaveta")
		d.press(tcell.KeyEscape)
		d.sees("Caixa livre")
		d.told("begin_close", "leave_close")
	})
}

func TestReasonOfACancelledSaleIsTold(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("12")
		d.press(tcell.KeyF6)
		d.types("desistiu")
		d.press(tcell.KeyF8)
		d.told("scan 7896006711131", "cancel_sale desistiu")
		d.sees("12▌") // the entry line is another field
	})
}

// After "+" the amount is given, so that cash acts at once like any other tender.
func TestPartIsPaidByOneDigit(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.batters("\n+4\n1")
		d.settle(time.Second)
		d.told("scan 7896006711131", "enter", "enter +4", "tender 1")
	})
}

func TestPartIsShownAndTakenBack(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("\n+4\n")
		d.sees("Parte: R$ 4,00")
		d.press(tcell.KeyEscape)
		d.misses("Parte: R$ 4,00")
		d.sees("Forma")
	})
}

func TestViewerSeesWhatIsAskedAndAnswersNothing(t *testing.T) {
	work(t, snapshot.Selling, Options{View: true}, func(d *desk) {
		d.shop.show(func(c *snapshot.Cashier) {
			c.Question = &snapshot.Question{}
			c.Search = &snapshot.Search{Query: "arr"}
		})
		d.settle(time.Second)
		d.sees("Pergunta")
		d.types("1\n")
		d.press(tcell.KeyEscape)
		d.press(tcell.KeyF10)
		d.told()
	})
}

func last(commands []string) string {
	if len(commands) == 0 {
		return ""
	}
	return commands[len(commands)-1]
}
