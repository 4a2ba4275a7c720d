package simpinpad

import "errors"

// A command is one entry of the pinpad's vocabulary.
type command struct {
	// blocking commands wait for the card holder; CAN or another packet aborts them.
	blocking bool
	// classic commands have blocks of fixed fields; all others have parameters, of
	// which these are used.
	classic             bool
	mandatory, optional []uint16
	// run acts and gives the blocks of the answer, a status, or errAborted.
	run func(*device, request) ([][]byte, error)
}

// commands by name. Source: ABECS 2.20, index of commands, and the section of each.
var commands = map[string]command{
	"OPN": {classic: true, run: (*device).open},
	"GIN": {classic: true, run: (*device).getInfo},
	"GIX": {optional: []uint16{speIDList}, run: (*device).getInfoExtended},
	"CLO": {classic: true, run: (*device).close},
	"CLX": {optional: []uint16{speMessage, speMediaName}, run: (*device).closeExtended},
	"DSP": {classic: true, run: (*device).displayLines},
	"DEX": {classic: true, run: (*device).displayText},
	"GTS": {classic: true, run: (*device).getTableVersion},
	"TLI": {classic: true, run: (*device).beginTableLoad},
	"TLR": {classic: true, run: (*device).loadTableRecords},
	"TLE": {classic: true, run: (*device).endTableLoad},
	"RMC": {classic: true, blocking: true, run: (*device).removeCard},
	"GPN": {classic: true, blocking: true, run: (*device).getPIN},
	"CEX": {
		blocking: true, run: (*device).checkEvent,
		mandatory: []uint16{speCEXOptions},
		optional:  []uint16{speTimeout, spePANMask},
	},
	"GCX": {
		blocking: true, run: (*device).getCard,
		mandatory: []uint16{speDate, speTime},
		optional: []uint16{
			speType, speAcquirer, speAppTypes, speAIDList, speAmount, speCashback, speCurrency,
			speGCXOptions, spePANMask, speEMVData, speTagList, speTimeout, speMessage,
		},
	},
	"GED": {mandatory: []uint16{speTagList}, run: (*device).getEMVData},
	"GTK": {
		run:      (*device).getTracks,
		optional: []uint16{speTracks, speMethodData, speVector, speOpenDigits, speKeyIndex, speWorkingKey},
	},
	"GOX": {
		blocking: true, run: (*device).goOnChip,
		mandatory: []uint16{speAcquirer, speMethodPIN, speKeyIndex},
		optional: []uint16{
			speWorkingKey, speType, speAmount, speCashback, speCurrency, speGOXOptions,
			speMessage, speRisk, speEMVData, speTagList, speTimeout,
		},
	},
	"FCX": {
		blocking: true, run: (*device).finishChip,
		mandatory: []uint16{speFCXOptions},
		optional:  []uint16{speResponse, speEMVData, speTagList, speTimeout},
	},
}

// errorName answers what is no command at all. Source: ABECS 2.20, unknown command.
const errorName = "ERR"

// perform acts on one payload and gives the payload of its answer. The only errors
// are errAborted and errStopped: then there is none.
func (d *device) perform(payload []byte) ([]byte, error) {
	if len(payload) > 0 && payload[0] == encrypted {
		return answerPayload(errorName, statusNoSecurity, nil), nil
	}
	if len(payload) < nameLength {
		return answerPayload(errorName, statusInvalidCall, nil), nil
	}
	name, blocks, err := splitCommand(payload)
	known, ok := commands[name]
	if !ok {
		return answerPayload(errorName, statusInvalidCall, nil), nil
	}
	answer := [][]byte(nil)
	if err == nil {
		answer, err = d.runCommand(known, blocks)
	}
	result := statusOK
	if err != nil && !errors.As(err, &result) {
		return nil, err
	}
	if err != nil && !errors.Is(result, err) { // the till hears only the status
		d.log.Warn("pinpad: command failed", "name", name, "error", err)
	}
	d.log.Info("pinpad: command", "name", name, "status", int(result))
	return answerPayload(name, result, answer), nil
}

func (d *device) runCommand(known command, blocks [][]byte) ([][]byte, error) {
	asked := request{blocks: blocks}
	if !known.classic {
		values, err := splitParameters(blocks)
		if err != nil {
			return nil, err
		}
		asked.values = values
		if err := asked.check(known.mandatory, known.optional); err != nil {
			return nil, err
		}
	}
	return known.run(d, asked)
}
