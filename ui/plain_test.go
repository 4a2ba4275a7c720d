package ui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/ident"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
	"balcao/ui/plain"
)

// lines is an output that a test reads while it is written.
type lines struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (l *lines) Write(data []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.buffer.Write(data)
}

// all are the lines so far, without those that nobody asked for.
func (l *lines) answers() (answers, events []string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, line := range strings.Split(strings.TrimSuffix(l.buffer.String(), "\n"), "\n") {
		if event, isEvent := strings.CutPrefix(line, "* "); isEvent {
			events = append(events, event)
		} else if line != "" {
			answers = append(answers, line)
		}
	}
	return answers, events
}

// talk is a plain session at work, in a bubble whose clock is its own.
type talk struct {
	t     *testing.T
	shop  *shop
	in    *io.PipeWriter
	out   *lines
	ended chan error
	line  *line
	stop  func()
}

func chat(t *testing.T, phase snapshot.Phase, story func(*talk)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		read, write := io.Pipe()
		c := &talk{t: t, shop: newShop(phase), in: write, out: &lines{}, ended: make(chan error, 1), line: newLine()}
		c.stop = c.line.serve(ctx, t, c.shop)
		client := link.DialWith(c.line.dial)
		go func() {
			c.ended <- plain.Run(ctx, client, plain.Options{In: read, Out: c.out, Language: text.Portuguese})
		}()
		defer func() {
			_ = write.Close()
			cancel()
			<-c.ended
			c.stop()
			client.Close()
			synctest.Wait()
		}()
		c.settle()
		story(c)
	})
}

func (c *talk) settle() {
	<-time.After(time.Second)
	synctest.Wait()
}

// types sends lines, each with its end.
func (c *talk) types(typed ...string) {
	for _, one := range typed {
		_, err := io.WriteString(c.in, one+"\n")
		require.NoError(c.t, err)
	}
	c.settle()
}

// says expects exactly these answers to a line.
func (c *talk) says(typed string, want ...string) {
	c.t.Helper()
	before, _ := c.out.answers()
	c.types(typed)
	after, _ := c.out.answers()
	require.Equal(c.t, want, after[len(before):])
}

func (c *talk) event() string {
	_, events := c.out.answers()
	return last(events)
}

func TestPlainTellsADayLineByLine(t *testing.T) {
	chat(t, snapshot.Locked, func(c *talk) {
		require.Equal(t, "Caixa 03, Mercado Boa Vista. Travado. :login OPERADOR", c.event())
		c.says("789", "não: Travado. :login OPERADOR")
		c.says(":login 214", "ok: Agora o PIN.")
		c.says("1111", "não: Operador ou PIN não confere.")
		c.says(":login 214", "ok: Agora o PIN.")
		c.says("1357", "ok: Fechado. :open FUNDO")
		c.says(":open 200", "ok: Caixa livre.")
		c.says("7896006711131", "ok: 1: ITEM 7896006711131, 1 un × 10,00 = 10,00. Total 10,00, itens 1.")
		c.says(":scan 7890", "ok: 2: ITEM 7890, 1 un × 10,00 = 10,00. Total 20,00, itens 2.")
		c.says(":where", "ok: Total 20,00, itens 2.")
		c.says("", "ok: Falta 20,00 de 20,00. 1 Dinheiro, 2 Débito, "+
			"3 Crédito à vista (Pinpad desconectado. Verifique o cabo ou receba de outra forma).")
		c.says(":pay 1 50", "ok: Venda 1 paga: total 20,00, recebido 20,00, troco 0,00, recibo impresso. Cobrado e registrado. Caixa livre.")
		c.says("", "não: Nenhum item para pagar.")
		c.says(":menu fechar", "ok: Conte o dinheiro da gaveta e digite o valor. O esperado aparece depois.")
		c.says("600", "ok: Contado 600,00, esperado 647,30, diferença -47,30. FALTA na gaveta R$ 47,30. "+
			"12 registro(s) a enviar à central. :menu z emite o Z; outro valor reconta; :esc volta a vender.")
		c.says(":menu z", "ok: Caixa fechado. Z 1. Travado. :login OPERADOR")
		require.Equal(t, []string{
			"login 214 PIN:1111", "login 214 PIN:1357", "open 200.00", "enter 7896006711131", "scan 7890", "enter", "tender 1 50.00",
			"enter", "begin_close", "count 600.00", "close",
		}, c.shop.commands())
	})
}

func TestPlainListsQuestionsAndApprovals(t *testing.T) {
	chat(t, snapshot.Selling, func(c *talk) {
		c.says("arroz", "ok: 1 ARROZ BRANCO 5KG 10,00 por un; 2 ARROZ INTEGRAL 1KG 10,00 por un; 3 ARROZ ARBÓREO 500G 10,00 por un.")
		c.says("2", "ok: 1: ITEM ARROZ INTEGRAL 1KG, 1 un × 10,00 = 10,00. Total 10,00, itens 1.")
		c.says(bothNumber, "ok: 52998224725 é um produto e também um CPF/CNPJ válido. O que é? 1 Produto. 2 CPF/CNPJ do cliente.")
		c.says(":esc", "ok: Total 10,00, itens 1.")
		c.says("50%", "não: Precisa de um supervisor: peça que aprove aqui. "+
			"Desconto R$ 5,00, pedido por Maria S.: :approve OPERADOR autoriza, :esc recusa.")
		c.says(":approve 7", "ok: Agora o PIN.")
		c.says("8642", "ok: Subtotal 10,00, descontos 5,00. Total 5,00, itens 1.")
		c.says(":approve 7", "ok: Agora o PIN.")
		c.says("", "não: Sem PIN: nada foi feito.")
		c.says(":menu sangria 500", "não: Assim: :menu sangria 100,00 motivo")
		c.says(":menu suprimento 100 troco", "ok: Suprimento de 100,00 registrado.")
	})
}

func TestPlainPaysAPart(t *testing.T) {
	chat(t, snapshot.Selling, func(c *talk) {
		c.types("7896006711131", "")
		c.says("+4", "ok: Falta 10,00 de 10,00. Parte: R$ 4,00. 1 Dinheiro, 2 Débito, "+
			"3 Crédito à vista (Pinpad desconectado. Verifique o cabo ou receba de outra forma).")
		c.says(strings.Repeat("9", 2000), "não: Linha longa demais: nada foi feito.")
	})
}

// running shows a debit card at work on the open payment.
func running(step string) func(*snapshot.Cashier) {
	return func(c *snapshot.Cashier) {
		payment := *c.Payment
		payment.Attempt = &snapshot.Attempt{
			ID: ident.ID("A"), Name: text.Msg("core.tender.debit"), Amount: 10_00, Running: true, Money: snapshot.NotCharged,
			Steps: []snapshot.Step{{Name: text.Msg(step), State: "active"}},
		}
		c.Payment = &payment
	}
}

func declined(c *snapshot.Cashier) {
	payment := *c.Payment
	attempt := *payment.Attempt
	attempt.Running, attempt.Outcome = false, text.Msg("core.decline.insufficient_funds")
	payment.Attempt, c.Payment = &attempt, &payment
}

func TestPlainFollowsACardAndHoldsAScriptBack(t *testing.T) {
	chat(t, snapshot.Selling, func(c *talk) {
		c.types("7896006711131", "")
		c.shop.show(running("core.step.card"))
		c.settle()
		require.Equal(t, "Débito 10,00. Inserir o cartão no pinpad. O cliente não foi cobrado.", c.event())
		c.shop.show(running("core.step.host"))
		c.settle()
		require.Equal(t, "Autorizar com o banco.", c.event())
		c.says(":where", "ok: Falta 10,00 de 10,00. Débito 10,00. Autorizar com o banco. O cliente não foi cobrado.")
		c.types("") // exact cash, once the card is done with
		require.Equal(t, "enter", last(c.shop.commands()))
		require.Len(t, c.shop.commands(), 2)
		c.shop.show(declined)
		c.settle()
		require.Equal(t, "Débito 10,00. Recusado: saldo insuficiente. O cliente não foi cobrado.", c.event())
		require.Len(t, c.shop.commands(), 3)
	})
}

func TestPlainEndsWithItsInputOnceTheCardHasItsAnswer(t *testing.T) {
	chat(t, snapshot.Selling, func(c *talk) {
		c.types("7896006711131", "")
		c.shop.show(running("core.step.host"))
		c.settle()
		require.NoError(t, c.in.Close())
		c.settle()
		require.Empty(t, c.ended)
		c.shop.show(declined)
		require.NoError(t, <-c.ended)
		require.Contains(t, c.event(), "saldo insuficiente")
		c.ended <- nil
	})
}

func TestPlainCarriesAScriptOutToItsLastLine(t *testing.T) {
	chat(t, snapshot.Selling, func(c *talk) {
		_, err := io.WriteString(c.in, "7896006711131\n\n:pay 1") // the last line has no end
		require.NoError(t, err)
		require.NoError(t, c.in.Close())
		require.NoError(t, <-c.ended)
		require.Equal(t, []string{"enter 7896006711131", "enter", "tender 1"}, c.shop.commands())
		answers, _ := c.out.answers()
		require.Len(t, answers, 3)
		c.ended <- nil
	})
}

func TestPlainSaysWhatNobodyAskedFor(t *testing.T) {
	chat(t, snapshot.Selling, func(c *talk) {
		c.shop.show(func(s *snapshot.Cashier) {
			s.Notices = []snapshot.Notice{{
				Code: "PAG-08", Severity: "danger", Text: text.Msg("core.notice.pag_08", "Number", 1),
				Cure: text.Msg("core.notice.pag_08_do"), Money: snapshot.Verifying,
			}}
		})
		c.settle()
		require.Equal(t, "PAG-08: 1 pagamento(s) em verificação manual. Chame o gerente. Verificando: não cobre de novo. "+
			"Não cobre de novo nem prometa estorno. O gerente compara com a central e encerra com :settle no modo texto.", c.event())
		c.shop.show(func(s *snapshot.Cashier) { s.Central.Online = false })
		c.settle()
		require.Equal(t, "Central offline; as vendas seguem.", c.event())
		c.shop.show(func(s *snapshot.Cashier) {
			s.Devices = []snapshot.Device{{Kind: "printer", Light: "error", Detail: text.Msg("device.printer.paper_out")}, {Kind: "pinpad", Light: "ok"}}
		})
		c.settle()
		require.Contains(t, c.event(), "impressora: Impressora sem papel")
		c.stop()
		c.settle()
		require.Contains(t, c.event(), "Caixa sem resposta")
		c.stop = c.line.serve(c.t.Context(), c.t, c.shop)
		c.settle()
		require.Contains(t, c.event(), "responde de novo")
	})
}

func TestPlainWithoutATillEndsWithAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := link.DialWith(newLine().dial)
		err := plain.Run(t.Context(), client, plain.Options{In: strings.NewReader("789\n"), Out: io.Discard})
		require.ErrorContains(t, err, "the till did not answer")
		client.Close()
	})
}

func TestPlainRefusesAnotherVersion(t *testing.T) {
	chat(t, snapshot.Selling, func(c *talk) {
		c.shop.show(func(s *snapshot.Cashier) { s.Version++ })
		require.ErrorContains(t, <-c.ended, "different versions")
		c.ended <- nil
	})
}

func TestPlainBesideAnotherScreenSaysSoAndTakesOver(t *testing.T) {
	chat(t, snapshot.Selling, func(c *talk) {
		other := link.DialWith(c.line.dial)
		defer other.Close()
		_, err := other.Lease(c.t.Context(), true)
		require.NoError(t, err)
		c.settle()
		c.settle()
		require.Contains(t, c.event(), ":take assume")
		c.says("789", "não: Outra tela está no comando deste caixa.")
		c.says(":take", "ok: Caixa livre.")
		c.says("789", "ok: 1: ITEM 789, 1 un × 10,00 = 10,00. Total 10,00, itens 1.")
	})
}
