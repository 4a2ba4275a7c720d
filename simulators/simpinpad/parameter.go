package simpinpad

import (
	"encoding/binary"
	"strconv"
	"time"
)

// Parameters that a till gives (SPE_*). Source: ABECS 2.20, parameters of the SPE.
const (
	speIDList     uint16 = 0x0001
	speMethodPIN  uint16 = 0x0002
	speMethodData uint16 = 0x0003
	speTagList    uint16 = 0x0004
	speEMVData    uint16 = 0x0005
	speCEXOptions uint16 = 0x0006
	speTracks     uint16 = 0x0007
	speOpenDigits uint16 = 0x0008
	speKeyIndex   uint16 = 0x0009
	speWorkingKey uint16 = 0x000A
	speTimeout    uint16 = 0x000C
	speAcquirer   uint16 = 0x0010
	speAppTypes   uint16 = 0x0011
	speAIDList    uint16 = 0x0012
	speAmount     uint16 = 0x0013
	speCashback   uint16 = 0x0014
	speDate       uint16 = 0x0015
	speTime       uint16 = 0x0016
	speGCXOptions uint16 = 0x0017
	speGOXOptions uint16 = 0x0018
	speFCXOptions uint16 = 0x0019
	speRisk       uint16 = 0x001A
	speMessage    uint16 = 0x001B
	speResponse   uint16 = 0x001C
	speVector     uint16 = 0x001D
	speMediaName  uint16 = 0x001E
	speType       uint16 = 0x0021
	speCurrency   uint16 = 0x0022
	spePANMask    uint16 = 0x0023
)

// Data that the pinpad gives (PP_*). Source: ABECS 2.20, data of the pinpad.
const (
	ppEvent         uint16 = 0x8040
	ppTrack1Masked  uint16 = 0x8041
	ppTrack2Masked  uint16 = 0x8042
	ppTrack1        uint16 = 0x8044
	ppTrack2        uint16 = 0x8045
	ppTrack1KSN     uint16 = 0x8047
	ppTrack2KSN     uint16 = 0x8048
	ppPANEncrypted  uint16 = 0x804A
	ppPANKSN        uint16 = 0x804B
	ppKSN           uint16 = 0x804C
	ppCardType      uint16 = 0x804F
	ppChipStatus    uint16 = 0x8050
	ppApplications  uint16 = 0x8051
	ppPAN           uint16 = 0x8052
	ppPANSequence   uint16 = 0x8053
	ppEMVData       uint16 = 0x8054
	ppHolder        uint16 = 0x8055
	ppGOXResult     uint16 = 0x8056
	ppPINBlock      uint16 = 0x8057
	ppFCXResult     uint16 = 0x8058
	ppScriptResults uint16 = 0x8059
	ppLabel         uint16 = 0x805B
	ppIssuerCountry uint16 = 0x805C
	ppExpiry        uint16 = 0x805D
	ppDeviceType    uint16 = 0x8060
)

// A format is how the value of a parameter must look: digits only or any bytes, and
// how many of them. step, when set, is what the length must be a multiple of.
type format struct {
	digits   bool
	min, max int
	step     int
}

// formats of the parameters. SPE_CEXOPT and SPE_TRACKS take any length, as the
// document says. Source: ABECS 2.20, parameters of the SPE.
var formats = map[uint16]format{
	speIDList:     {max: 128, step: 2},
	speMethodPIN:  {digits: true, min: 1, max: 1},
	speMethodData: {digits: true, min: 2, max: 2},
	speTagList:    {max: 128},
	speEMVData:    {max: 512},
	speCEXOptions: {max: parameterMax},
	speTracks:     {max: parameterMax},
	speOpenDigits: {digits: true, min: 1, max: 1},
	speKeyIndex:   {digits: true, min: 2, max: 2},
	speWorkingKey: {min: 16, max: 16},
	speTimeout:    {min: 1, max: 1},
	speAcquirer:   {digits: true, min: 2, max: 2},
	speAppTypes:   {digits: true, min: 2, max: 20, step: 2},
	speAIDList:    {min: 4, max: 512, step: 4},
	speAmount:     {digits: true, min: 12, max: 12},
	speCashback:   {digits: true, min: 12, max: 12},
	speDate:       {digits: true, min: 6, max: 6},
	speTime:       {digits: true, min: 6, max: 6},
	speGCXOptions: {digits: true, min: 5, max: 5},
	speGOXOptions: {digits: true, min: 5, max: 5},
	speFCXOptions: {digits: true, min: 4, max: 4},
	speRisk:       {min: 10, max: 10},
	speMessage:    {max: 128},
	speResponse:   {min: 2, max: 2},
	speVector:     {min: 8, max: 8},
	speMediaName:  {min: 8, max: 8},
	speType:       {min: 1, max: 1},
	speCurrency:   {digits: true, min: 3, max: 3},
	spePANMask:    {digits: true, min: 4, max: 4},
}

func (f format) fits(value []byte) bool {
	if len(value) < f.min || len(value) > f.max || f.step > 0 && len(value)%f.step != 0 {
		return false
	}
	return !f.digits || isDigits(value)
}

// A request is a command taken apart: blocks of a classic one, parameters of the others.
type request struct {
	blocks [][]byte
	values map[uint16][]byte
}

// check applies the rules of one command to the parameters: what it must have is
// there (019), and what it uses is well formed (011). Others are not looked at.
// Source: ABECS 2.20, Abecs commands, rules for the pinpad.
func (r request) check(mandatory, optional []uint16) error {
	for _, id := range mandatory {
		if !r.has(id) {
			return statusMandatory
		}
	}
	for _, ids := range [][]uint16{mandatory, optional} {
		for _, id := range ids {
			if value, ok := r.values[id]; ok && !formats[id].fits(value) {
				return statusInvalidParm
			}
		}
	}
	return nil
}

// only reads a classic command that has exactly one block.
func (r request) only() *classic {
	if len(r.blocks) != 1 {
		return &classic{bad: true}
	}
	return &classic{rest: r.blocks[0]}
}

func (r request) has(id uint16) bool {
	_, ok := r.values[id]
	return ok
}

func (r request) text(id uint16) string { return string(r.values[id]) }

// number gives a value of format N, 0 when it is absent.
func (r request) number(id uint16) uint64 {
	value, err := strconv.ParseUint(r.text(id), 10, 64)
	if err != nil {
		return 0 // absent: check has refused everything else
	}
	return value
}

// option gives one digit of an option field, counted from 1; '0' when it is absent.
func (r request) option(id uint16, position int) byte {
	if value := r.values[id]; len(value) >= position {
		return value[position-1]
	}
	return '0'
}

// timeout gives SPE_TIMEOUT, and otherwise what holds without it; zero is for ever.
func (r request) timeout(otherwise time.Duration) (limit time.Duration, given bool) {
	if value, ok := r.values[speTimeout]; ok {
		return time.Duration(value[0]) * time.Second, true
	}
	return otherwise, otherwise > 0
}

// floorLimitCents gives the floor limit of SPE_TRMPAR, when it was given.
func (r request) floorLimitCents() (limitCents uint64, given bool) {
	value, ok := r.values[speRisk]
	if !ok {
		return 0, false
	}
	return uint64(binary.BigEndian.Uint32(value)), true
}
