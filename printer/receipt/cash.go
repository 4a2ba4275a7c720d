package receipt

import (
	"fmt"

	"balcao/terminal/shift"
)

// cashSlip is what goes with cash that came or went without a sale; who takes cash
// away signs for it.
func (c *composer) cashSlip() error {
	moved := c.job.Movement
	if moved == nil {
		return errNoMovement
	}
	switch moved.Type {
	case shift.Float, shift.Suprimento, shift.Sangria:
	default:
		return fmt.Errorf("no such cash movement %q", moved.Type)
	}
	c.slipHead("paper.cash." + string(moved.Type))
	c.add(
		Line{Text: c.moment("long", moved.At), Align: Centre},
		Rule{},
		Big{Label: c.say("paper.slip.amount"), Amount: c.language.Amount(moved.Amount)},
		Rule{},
	)
	c.people(moved.OperatorID, moved.OperatorName, moved.ApproverID, moved.Reason)
	if moved.Type == shift.Sangria {
		c.signature("paper.cash.signature")
	}
	return nil
}

// signature is room to sign and what the name below the line stands for.
func (c *composer) signature(whose string) {
	c.add(Space{Lines: signatureLines}, Rule{}, Line{Text: c.say(whose), Align: Centre})
}
