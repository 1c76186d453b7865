// Generated from proto/log.proto by scripts/generate-proto.mjs. Do not edit.
// @ts-nocheck
import type { vmft as Types } from './log-types.js';
/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";
// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;
// Exported root namespace
const $root = $protobuf.roots["vmft-log"] || ($protobuf.roots["vmft-log"] = {});
export const vmft: typeof Types = $root.vmft = (() => {
    const vmft = {};
    vmft.log = (function() {
        const log = {};
        log.Position = (function() {
            const Position = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Position.prototype.ticks = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Position.prototype.rip = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Position.prototype.rcx = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Position.prototype.registers = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Position.prototype.exits = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Position.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.ticks != null && $Object.hasOwnProperty.call(message, "ticks") && (typeof message.ticks === "object" ? message.ticks.low || message.ticks.high : message.ticks !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.ticks);
                if (message.rip != null && $Object.hasOwnProperty.call(message, "rip") && (typeof message.rip === "object" ? message.rip.low || message.rip.high : message.rip !== 0))
                    writer.uint32(/* id 2, wireType 1 =*/17).fixed64(message.rip);
                if (message.rcx != null && $Object.hasOwnProperty.call(message, "rcx") && (typeof message.rcx === "object" ? message.rcx.low || message.rcx.high : message.rcx !== 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.rcx);
                if (message.registers != null && $Object.hasOwnProperty.call(message, "registers") && (typeof message.registers === "object" ? message.registers.low || message.registers.high : message.registers !== 0))
                    writer.uint32(/* id 4, wireType 1 =*/33).fixed64(message.registers);
                if (message.exits != null && $Object.hasOwnProperty.call(message, "exits") && (typeof message.exits === "object" ? message.exits.low || message.exits.high : message.exits !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.exits);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Position.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Position();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.ticks = value;
                            else
                                delete message.ticks;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.rip = value;
                            else
                                delete message.rip;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.rcx = value;
                            else
                                delete message.rcx;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.registers = value;
                            else
                                delete message.registers;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.exits = value;
                            else
                                delete message.exits;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Position;
        })();
        log.Record = (function() {
            const Record = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Record.prototype.position = null;
            Record.prototype.netFrame = null;
            Record.prototype.clock = null;
            Record.prototype.consoleBytes = null;
            Record.prototype.entropy = null;
            Record.prototype.control = null;
            Record.prototype.diskCompletion = null;
            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;
            $Object.defineProperty(Record.prototype, "input", {
                get: $util.oneOfGetter($oneOfFields = ["netFrame", "clock", "consoleBytes", "entropy", "control", "diskCompletion"]),
                set: $util.oneOfSetter($oneOfFields)
            });
            Record.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.position != null && $Object.hasOwnProperty.call(message, "position"))
                    $root.vmft.log.Position.encode(message.position, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.netFrame != null && $Object.hasOwnProperty.call(message, "netFrame"))
                    $root.vmft.log.NetFrame.encode(message.netFrame, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.clock != null && $Object.hasOwnProperty.call(message, "clock"))
                    $root.vmft.log.Clock.encode(message.clock, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.consoleBytes != null && $Object.hasOwnProperty.call(message, "consoleBytes"))
                    $root.vmft.log.ConsoleBytes.encode(message.consoleBytes, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.entropy != null && $Object.hasOwnProperty.call(message, "entropy"))
                    $root.vmft.log.Entropy.encode(message.entropy, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.control != null && $Object.hasOwnProperty.call(message, "control"))
                    $root.vmft.log.Control.encode(message.control, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.diskCompletion != null && $Object.hasOwnProperty.call(message, "diskCompletion"))
                    $root.vmft.log.DiskCompletion.encode(message.diskCompletion, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Record.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Record();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.position = $root.vmft.log.Position.decode(reader, reader.size(), $undefined, _depth + 1, message.position);
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.netFrame = $root.vmft.log.NetFrame.decode(reader, reader.size(), $undefined, _depth + 1, message.netFrame);
                            message.input = "netFrame";
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            message.clock = $root.vmft.log.Clock.decode(reader, reader.size(), $undefined, _depth + 1, message.clock);
                            message.input = "clock";
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.consoleBytes = $root.vmft.log.ConsoleBytes.decode(reader, reader.size(), $undefined, _depth + 1, message.consoleBytes);
                            message.input = "consoleBytes";
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.entropy = $root.vmft.log.Entropy.decode(reader, reader.size(), $undefined, _depth + 1, message.entropy);
                            message.input = "entropy";
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            message.control = $root.vmft.log.Control.decode(reader, reader.size(), $undefined, _depth + 1, message.control);
                            message.input = "control";
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            message.diskCompletion = $root.vmft.log.DiskCompletion.decode(reader, reader.size(), $undefined, _depth + 1, message.diskCompletion);
                            message.input = "diskCompletion";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Record;
        })();
        log.NetFrame = (function() {
            const NetFrame = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            NetFrame.prototype.frame = $util.newBuffer([]);
            NetFrame.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.frame != null && $Object.hasOwnProperty.call(message, "frame") && message.frame.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.frame);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            NetFrame.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.NetFrame();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.frame = value;
                            else
                                delete message.frame;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return NetFrame;
        })();
        log.Clock = (function() {
            const Clock = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Clock.prototype.virtualNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Clock.prototype.picosecondsPerTick = 0;
            Clock.prototype.realtimeNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Clock.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.virtualNs != null && $Object.hasOwnProperty.call(message, "virtualNs") && (typeof message.virtualNs === "object" ? message.virtualNs.low || message.virtualNs.high : message.virtualNs !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.virtualNs);
                if (message.picosecondsPerTick != null && $Object.hasOwnProperty.call(message, "picosecondsPerTick") && message.picosecondsPerTick !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.picosecondsPerTick);
                if (message.realtimeNs != null && $Object.hasOwnProperty.call(message, "realtimeNs") && (typeof message.realtimeNs === "object" ? message.realtimeNs.low || message.realtimeNs.high : message.realtimeNs !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.realtimeNs);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Clock.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Clock();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.virtualNs = value;
                            else
                                delete message.virtualNs;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.picosecondsPerTick = value;
                            else
                                delete message.picosecondsPerTick;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.realtimeNs = value;
                            else
                                delete message.realtimeNs;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Clock;
        })();
        log.ConsoleBytes = (function() {
            const ConsoleBytes = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            ConsoleBytes.prototype.port = 0;
            ConsoleBytes.prototype.data = $util.newBuffer([]);
            ConsoleBytes.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.port != null && $Object.hasOwnProperty.call(message, "port") && message.port !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.port);
                if (message.data != null && $Object.hasOwnProperty.call(message, "data") && message.data.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.data);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            ConsoleBytes.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.ConsoleBytes();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.port = value;
                            else
                                delete message.port;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.data = value;
                            else
                                delete message.data;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return ConsoleBytes;
        })();
        log.Entropy = (function() {
            const Entropy = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Entropy.prototype.data = $util.newBuffer([]);
            Entropy.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.data != null && $Object.hasOwnProperty.call(message, "data") && message.data.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.data);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Entropy.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Entropy();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.data = value;
                            else
                                delete message.data;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Entropy;
        })();
        log.DiskCompletion = (function() {
            const DiskCompletion = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            DiskCompletion.prototype.disk = 0;
            DiskCompletion.prototype.request = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            DiskCompletion.prototype.status = 0;
            DiskCompletion.prototype.data = $util.newBuffer([]);
            DiskCompletion.prototype.readOnBackup = false;
            DiskCompletion.prototype.dataHash = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            DiskCompletion.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.disk != null && $Object.hasOwnProperty.call(message, "disk") && message.disk !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.disk);
                if (message.request != null && $Object.hasOwnProperty.call(message, "request") && (typeof message.request === "object" ? message.request.low || message.request.high : message.request !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.request);
                if (message.status != null && $Object.hasOwnProperty.call(message, "status") && message.status !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).int32(message.status);
                if (message.data != null && $Object.hasOwnProperty.call(message, "data") && message.data.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.data);
                if (message.readOnBackup != null && $Object.hasOwnProperty.call(message, "readOnBackup") && message.readOnBackup !== false)
                    writer.uint32(/* id 5, wireType 0 =*/40).bool(message.readOnBackup);
                if (message.dataHash != null && $Object.hasOwnProperty.call(message, "dataHash") && (typeof message.dataHash === "object" ? message.dataHash.low || message.dataHash.high : message.dataHash !== 0))
                    writer.uint32(/* id 6, wireType 1 =*/49).fixed64(message.dataHash);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            DiskCompletion.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.DiskCompletion();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.disk = value;
                            else
                                delete message.disk;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.request = value;
                            else
                                delete message.request;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.status = value;
                            else
                                delete message.status;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.data = value;
                            else
                                delete message.data;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.readOnBackup = value;
                            else
                                delete message.readOnBackup;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.dataHash = value;
                            else
                                delete message.dataHash;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            DiskCompletion.Status = (function() {
                const valuesById = $Object.create(null), values = $Object.create(valuesById);
                values[valuesById[0] = "OK"] = 0;
                values[valuesById[1] = "IO_ERROR"] = 1;
                return values;
            })();
            return DiskCompletion;
        })();
        log.Control = (function() {
            const Control = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Control.prototype.kind = 0;
            Control.prototype.value = 0;
            Control.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).int32(message.kind);
                if (message.value != null && $Object.hasOwnProperty.call(message, "value") && message.value !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.value);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Control.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Control();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.kind = value;
                            else
                                delete message.kind;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.value = value;
                            else
                                delete message.value;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            Control.Kind = (function() {
                const valuesById = $Object.create(null), values = $Object.create(valuesById);
                values[valuesById[0] = "UNSPECIFIED"] = 0;
                values[valuesById[1] = "POWER_BUTTON"] = 1;
                values[valuesById[2] = "RESET"] = 2;
                values[valuesById[3] = "POWER_OFF"] = 3;
                values[valuesById[4] = "SNAPSHOT"] = 4;
                values[valuesById[5] = "CPU_SHARE"] = 5;
                return values;
            })();
            return Control;
        })();
        log.Digest = (function() {
            const Digest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Digest.prototype.state = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Digest.prototype.memory = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Digest.prototype.memoryPages = 0;
            Digest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.state != null && $Object.hasOwnProperty.call(message, "state") && (typeof message.state === "object" ? message.state.low || message.state.high : message.state !== 0))
                    writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.state);
                if (message.memory != null && $Object.hasOwnProperty.call(message, "memory") && (typeof message.memory === "object" ? message.memory.low || message.memory.high : message.memory !== 0))
                    writer.uint32(/* id 2, wireType 1 =*/17).fixed64(message.memory);
                if (message.memoryPages != null && $Object.hasOwnProperty.call(message, "memoryPages") && message.memoryPages !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.memoryPages);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Digest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Digest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.state = value;
                            else
                                delete message.state;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.memory = value;
                            else
                                delete message.memory;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.memoryPages = value;
                            else
                                delete message.memoryPages;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Digest;
        })();
        log.Segment = (function() {
            const Segment = function (properties) {
                this.records = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Segment.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Segment.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Segment.prototype.records = $util.emptyArray;
            Segment.prototype.runUntil = null;
            Segment.prototype.digest = null;
            Segment.prototype.outputsProduced = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Segment.prototype.outputsReleased = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Segment.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.generation);
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.sequence);
                if (message.records != null && message.records.length)
                    for (let i = 0; i < message.records.length; ++i)
                        $root.vmft.log.Record.encode(message.records[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.runUntil != null && $Object.hasOwnProperty.call(message, "runUntil"))
                    $root.vmft.log.Position.encode(message.runUntil, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.digest != null && $Object.hasOwnProperty.call(message, "digest"))
                    $root.vmft.log.Digest.encode(message.digest, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.outputsProduced != null && $Object.hasOwnProperty.call(message, "outputsProduced") && (typeof message.outputsProduced === "object" ? message.outputsProduced.low || message.outputsProduced.high : message.outputsProduced !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.outputsProduced);
                if (message.outputsReleased != null && $Object.hasOwnProperty.call(message, "outputsReleased") && (typeof message.outputsReleased === "object" ? message.outputsReleased.low || message.outputsReleased.high : message.outputsReleased !== 0))
                    writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.outputsReleased);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Segment.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Segment();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.records && message.records.length))
                                message.records = [];
                            message.records.push($root.vmft.log.Record.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.runUntil = $root.vmft.log.Position.decode(reader, reader.size(), $undefined, _depth + 1, message.runUntil);
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.digest = $root.vmft.log.Digest.decode(reader, reader.size(), $undefined, _depth + 1, message.digest);
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.outputsProduced = value;
                            else
                                delete message.outputsProduced;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.outputsReleased = value;
                            else
                                delete message.outputsReleased;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Segment;
        })();
        log.Frame = (function() {
            const Frame = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Frame.prototype.checksum = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Frame.prototype.segment = $util.newBuffer([]);
            Frame.prototype.checkpoint = $util.newBuffer([]);
            Frame.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.checksum != null && $Object.hasOwnProperty.call(message, "checksum") && (typeof message.checksum === "object" ? message.checksum.low || message.checksum.high : message.checksum !== 0))
                    writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.checksum);
                if (message.segment != null && $Object.hasOwnProperty.call(message, "segment") && message.segment.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.segment);
                if (message.checkpoint != null && $Object.hasOwnProperty.call(message, "checkpoint") && message.checkpoint.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.checkpoint);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Frame.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Frame();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.checksum = value;
                            else
                                delete message.checksum;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.segment = value;
                            else
                                delete message.segment;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.checkpoint = value;
                            else
                                delete message.checkpoint;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Frame;
        })();
        log.CheckpointPart = (function() {
            const CheckpointPart = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            CheckpointPart.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CheckpointPart.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CheckpointPart.prototype.epoch = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CheckpointPart.prototype.pages = $util.newBuffer([]);
            CheckpointPart.prototype.state = $util.newBuffer([]);
            CheckpointPart.prototype.ticks = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CheckpointPart.prototype.virtualNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CheckpointPart.prototype.outputsProduced = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CheckpointPart.prototype.outputsReleased = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CheckpointPart.prototype.outputs = $util.newBuffer([]);
            CheckpointPart.prototype.changes = $util.newBuffer([]);
            CheckpointPart.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.generation);
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.sequence);
                if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && (typeof message.epoch === "object" ? message.epoch.low || message.epoch.high : message.epoch !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.epoch);
                if (message.pages != null && $Object.hasOwnProperty.call(message, "pages") && message.pages.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.pages);
                if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state.length)
                    writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.state);
                if (message.ticks != null && $Object.hasOwnProperty.call(message, "ticks") && (typeof message.ticks === "object" ? message.ticks.low || message.ticks.high : message.ticks !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.ticks);
                if (message.virtualNs != null && $Object.hasOwnProperty.call(message, "virtualNs") && (typeof message.virtualNs === "object" ? message.virtualNs.low || message.virtualNs.high : message.virtualNs !== 0))
                    writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.virtualNs);
                if (message.outputsProduced != null && $Object.hasOwnProperty.call(message, "outputsProduced") && (typeof message.outputsProduced === "object" ? message.outputsProduced.low || message.outputsProduced.high : message.outputsProduced !== 0))
                    writer.uint32(/* id 8, wireType 0 =*/64).uint64(message.outputsProduced);
                if (message.outputsReleased != null && $Object.hasOwnProperty.call(message, "outputsReleased") && (typeof message.outputsReleased === "object" ? message.outputsReleased.low || message.outputsReleased.high : message.outputsReleased !== 0))
                    writer.uint32(/* id 9, wireType 0 =*/72).uint64(message.outputsReleased);
                if (message.outputs != null && $Object.hasOwnProperty.call(message, "outputs") && message.outputs.length)
                    writer.uint32(/* id 10, wireType 2 =*/82).bytes(message.outputs);
                if (message.changes != null && $Object.hasOwnProperty.call(message, "changes") && message.changes.length)
                    writer.uint32(/* id 11, wireType 2 =*/90).bytes(message.changes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            CheckpointPart.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.CheckpointPart();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.epoch = value;
                            else
                                delete message.epoch;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.pages = value;
                            else
                                delete message.pages;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.state = value;
                            else
                                delete message.state;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.ticks = value;
                            else
                                delete message.ticks;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.virtualNs = value;
                            else
                                delete message.virtualNs;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.outputsProduced = value;
                            else
                                delete message.outputsProduced;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.outputsReleased = value;
                            else
                                delete message.outputsReleased;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.outputs = value;
                            else
                                delete message.outputs;
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.changes = value;
                            else
                                delete message.changes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return CheckpointPart;
        })();
        log.Header = (function() {
            const Header = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Header.prototype.magic = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Header.prototype.version = 0;
            Header.prototype.accelerator = "";
            Header.prototype.build = "";
            Header.prototype.guest = null;
            Header.prototype.checksum = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Header.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.magic != null && $Object.hasOwnProperty.call(message, "magic") && (typeof message.magic === "object" ? message.magic.low || message.magic.high : message.magic !== 0))
                    writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.magic);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.version);
                if (message.accelerator != null && $Object.hasOwnProperty.call(message, "accelerator") && message.accelerator !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.accelerator);
                if (message.build != null && $Object.hasOwnProperty.call(message, "build") && message.build !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.build);
                if (message.guest != null && $Object.hasOwnProperty.call(message, "guest"))
                    $root.vmft.log.GuestConfig.encode(message.guest, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.checksum != null && $Object.hasOwnProperty.call(message, "checksum") && (typeof message.checksum === "object" ? message.checksum.low || message.checksum.high : message.checksum !== 0))
                    writer.uint32(/* id 6, wireType 1 =*/49).fixed64(message.checksum);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Header.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Header();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.magic = value;
                            else
                                delete message.magic;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.accelerator = value;
                            else
                                delete message.accelerator;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.build = value;
                            else
                                delete message.build;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.guest = $root.vmft.log.GuestConfig.decode(reader, reader.size(), $undefined, _depth + 1, message.guest);
                            continue;
                        }
                    case 6: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.checksum = value;
                            else
                                delete message.checksum;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Header;
        })();
        log.GuestConfig = (function() {
            const GuestConfig = function (properties) {
                this.disks = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            GuestConfig.prototype.memoryBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GuestConfig.prototype.kernelPath = "";
            GuestConfig.prototype.kernelHash = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GuestConfig.prototype.initramfsPath = "";
            GuestConfig.prototype.initramfsHash = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GuestConfig.prototype.commandLine = "";
            GuestConfig.prototype.mac = $util.newBuffer([]);
            GuestConfig.prototype.randomSeed = $util.newBuffer([]);
            GuestConfig.prototype.realtimeNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GuestConfig.prototype.cpu = null;
            GuestConfig.prototype.disks = $util.emptyArray;
            GuestConfig.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.memoryBytes != null && $Object.hasOwnProperty.call(message, "memoryBytes") && (typeof message.memoryBytes === "object" ? message.memoryBytes.low || message.memoryBytes.high : message.memoryBytes !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.memoryBytes);
                if (message.kernelPath != null && $Object.hasOwnProperty.call(message, "kernelPath") && message.kernelPath !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.kernelPath);
                if (message.kernelHash != null && $Object.hasOwnProperty.call(message, "kernelHash") && (typeof message.kernelHash === "object" ? message.kernelHash.low || message.kernelHash.high : message.kernelHash !== 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.kernelHash);
                if (message.initramfsPath != null && $Object.hasOwnProperty.call(message, "initramfsPath") && message.initramfsPath !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.initramfsPath);
                if (message.initramfsHash != null && $Object.hasOwnProperty.call(message, "initramfsHash") && (typeof message.initramfsHash === "object" ? message.initramfsHash.low || message.initramfsHash.high : message.initramfsHash !== 0))
                    writer.uint32(/* id 5, wireType 1 =*/41).fixed64(message.initramfsHash);
                if (message.commandLine != null && $Object.hasOwnProperty.call(message, "commandLine") && message.commandLine !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.commandLine);
                if (message.mac != null && $Object.hasOwnProperty.call(message, "mac") && message.mac.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.mac);
                if (message.randomSeed != null && $Object.hasOwnProperty.call(message, "randomSeed") && message.randomSeed.length)
                    writer.uint32(/* id 8, wireType 2 =*/66).bytes(message.randomSeed);
                if (message.realtimeNs != null && $Object.hasOwnProperty.call(message, "realtimeNs") && (typeof message.realtimeNs === "object" ? message.realtimeNs.low || message.realtimeNs.high : message.realtimeNs !== 0))
                    writer.uint32(/* id 9, wireType 0 =*/72).uint64(message.realtimeNs);
                if (message.cpu != null && $Object.hasOwnProperty.call(message, "cpu"))
                    $root.vmft.log.Cpu.encode(message.cpu, writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                if (message.disks != null && message.disks.length)
                    for (let i = 0; i < message.disks.length; ++i)
                        $root.vmft.log.GuestDisk.encode(message.disks[i], writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            GuestConfig.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.GuestConfig();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.memoryBytes = value;
                            else
                                delete message.memoryBytes;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.kernelPath = value;
                            else
                                delete message.kernelPath;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.kernelHash = value;
                            else
                                delete message.kernelHash;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.initramfsPath = value;
                            else
                                delete message.initramfsPath;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.initramfsHash = value;
                            else
                                delete message.initramfsHash;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.commandLine = value;
                            else
                                delete message.commandLine;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.mac = value;
                            else
                                delete message.mac;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.randomSeed = value;
                            else
                                delete message.randomSeed;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.realtimeNs = value;
                            else
                                delete message.realtimeNs;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            message.cpu = $root.vmft.log.Cpu.decode(reader, reader.size(), $undefined, _depth + 1, message.cpu);
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            if (!(message.disks && message.disks.length))
                                message.disks = [];
                            message.disks.push($root.vmft.log.GuestDisk.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return GuestConfig;
        })();
        log.GuestDisk = (function() {
            const GuestDisk = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            GuestDisk.prototype.capacityBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GuestDisk.prototype.blockBytes = 0;
            GuestDisk.prototype["private"] = false;
            GuestDisk.prototype.readOnly = false;
            GuestDisk.prototype.readsOnBackup = false;
            GuestDisk.prototype.serial = "";
            GuestDisk.prototype.url = "";
            GuestDisk.prototype.uuid = "";
            GuestDisk.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.capacityBytes != null && $Object.hasOwnProperty.call(message, "capacityBytes") && (typeof message.capacityBytes === "object" ? message.capacityBytes.low || message.capacityBytes.high : message.capacityBytes !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.capacityBytes);
                if (message.blockBytes != null && $Object.hasOwnProperty.call(message, "blockBytes") && message.blockBytes !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.blockBytes);
                if (message["private"] != null && $Object.hasOwnProperty.call(message, "private") && message["private"] !== false)
                    writer.uint32(/* id 3, wireType 0 =*/24).bool(message["private"]);
                if (message.readOnly != null && $Object.hasOwnProperty.call(message, "readOnly") && message.readOnly !== false)
                    writer.uint32(/* id 4, wireType 0 =*/32).bool(message.readOnly);
                if (message.readsOnBackup != null && $Object.hasOwnProperty.call(message, "readsOnBackup") && message.readsOnBackup !== false)
                    writer.uint32(/* id 5, wireType 0 =*/40).bool(message.readsOnBackup);
                if (message.serial != null && $Object.hasOwnProperty.call(message, "serial") && message.serial !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.serial);
                if (message.url != null && $Object.hasOwnProperty.call(message, "url") && message.url !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.url);
                if (message.uuid != null && $Object.hasOwnProperty.call(message, "uuid") && message.uuid !== "")
                    writer.uint32(/* id 8, wireType 2 =*/66).string(message.uuid);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            GuestDisk.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.GuestDisk();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.capacityBytes = value;
                            else
                                delete message.capacityBytes;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.blockBytes = value;
                            else
                                delete message.blockBytes;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message["private"] = value;
                            else
                                delete message["private"];
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.readOnly = value;
                            else
                                delete message.readOnly;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.readsOnBackup = value;
                            else
                                delete message.readsOnBackup;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.serial = value;
                            else
                                delete message.serial;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.url = value;
                            else
                                delete message.url;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.uuid = value;
                            else
                                delete message.uuid;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return GuestDisk;
        })();
        log.Cpu = (function() {
            const Cpu = function (properties) {
                this.leaves = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Cpu.prototype.vendor = "";
            Cpu.prototype.signature = 0;
            Cpu.prototype.leaves = $util.emptyArray;
            Cpu.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.vendor != null && $Object.hasOwnProperty.call(message, "vendor") && message.vendor !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.vendor);
                if (message.signature != null && $Object.hasOwnProperty.call(message, "signature") && message.signature !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.signature);
                if (message.leaves != null && message.leaves.length)
                    for (let i = 0; i < message.leaves.length; ++i)
                        $root.vmft.log.CpuidLeaf.encode(message.leaves[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Cpu.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Cpu();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.vendor = value;
                            else
                                delete message.vendor;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.signature = value;
                            else
                                delete message.signature;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.leaves && message.leaves.length))
                                message.leaves = [];
                            message.leaves.push($root.vmft.log.CpuidLeaf.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Cpu;
        })();
        log.CpuidLeaf = (function() {
            const CpuidLeaf = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            CpuidLeaf.prototype["function"] = 0;
            CpuidLeaf.prototype.index = 0;
            CpuidLeaf.prototype.indexed = false;
            CpuidLeaf.prototype.eax = 0;
            CpuidLeaf.prototype.ebx = 0;
            CpuidLeaf.prototype.ecx = 0;
            CpuidLeaf.prototype.edx = 0;
            CpuidLeaf.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message["function"] != null && $Object.hasOwnProperty.call(message, "function") && message["function"] !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message["function"]);
                if (message.index != null && $Object.hasOwnProperty.call(message, "index") && message.index !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.index);
                if (message.indexed != null && $Object.hasOwnProperty.call(message, "indexed") && message.indexed !== false)
                    writer.uint32(/* id 3, wireType 0 =*/24).bool(message.indexed);
                if (message.eax != null && $Object.hasOwnProperty.call(message, "eax") && message.eax !== 0)
                    writer.uint32(/* id 4, wireType 5 =*/37).fixed32(message.eax);
                if (message.ebx != null && $Object.hasOwnProperty.call(message, "ebx") && message.ebx !== 0)
                    writer.uint32(/* id 5, wireType 5 =*/45).fixed32(message.ebx);
                if (message.ecx != null && $Object.hasOwnProperty.call(message, "ecx") && message.ecx !== 0)
                    writer.uint32(/* id 6, wireType 5 =*/53).fixed32(message.ecx);
                if (message.edx != null && $Object.hasOwnProperty.call(message, "edx") && message.edx !== 0)
                    writer.uint32(/* id 7, wireType 5 =*/61).fixed32(message.edx);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            CpuidLeaf.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.CpuidLeaf();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message["function"] = value;
                            else
                                delete message["function"];
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.index = value;
                            else
                                delete message.index;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.indexed = value;
                            else
                                delete message.indexed;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.eax = value;
                            else
                                delete message.eax;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.ebx = value;
                            else
                                delete message.ebx;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.ecx = value;
                            else
                                delete message.ecx;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.edx = value;
                            else
                                delete message.edx;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return CpuidLeaf;
        })();
        log.Trailer = (function() {
            const Trailer = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Trailer.prototype.segments = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Trailer.prototype.endReason = "";
            Trailer.prototype.checksum = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Trailer.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.segments != null && $Object.hasOwnProperty.call(message, "segments") && (typeof message.segments === "object" ? message.segments.low || message.segments.high : message.segments !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.segments);
                if (message.endReason != null && $Object.hasOwnProperty.call(message, "endReason") && message.endReason !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.endReason);
                if (message.checksum != null && $Object.hasOwnProperty.call(message, "checksum") && (typeof message.checksum === "object" ? message.checksum.low || message.checksum.high : message.checksum !== 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.checksum);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };
            Trailer.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.vmft.log.Trailer();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.segments = value;
                            else
                                delete message.segments;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.endReason = value;
                            else
                                delete message.endReason;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.checksum = value;
                            else
                                delete message.checksum;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };
            return Trailer;
        })();
        return log;
    })();
    return vmft;
})();
