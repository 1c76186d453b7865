// Generated from proto/snapshot.proto by scripts/generate-proto.mjs. Do not edit.
// @ts-nocheck
import type { vmft as Types } from './snapshot-types.js';
/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";
// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;
// Exported root namespace
const $root = $protobuf.roots["vmft-snapshot"] || ($protobuf.roots["vmft-snapshot"] = {});
export const vmft: typeof Types = $root.vmft = (() => {
    const vmft = {};
    vmft.snapshot = (function() {
        const snapshot = {};
        snapshot.Header = (function() {
            const Header = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Header.prototype.accelerator = "";
            Header.prototype.build = "";
            Header.prototype.guest = $util.newBuffer([]);
            Header.prototype.realtimeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Header.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.accelerator != null && $Object.hasOwnProperty.call(message, "accelerator") && message.accelerator !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.accelerator);
                if (message.build != null && $Object.hasOwnProperty.call(message, "build") && message.build !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.build);
                if (message.guest != null && $Object.hasOwnProperty.call(message, "guest") && message.guest.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.guest);
                if (message.realtimeMs != null && $Object.hasOwnProperty.call(message, "realtimeMs") && (typeof message.realtimeMs === "object" ? message.realtimeMs.low || message.realtimeMs.high : message.realtimeMs !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.realtimeMs);
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
                message = _target || new $root.vmft.snapshot.Header();
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
                                message.accelerator = value;
                            else
                                delete message.accelerator;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.build = value;
                            else
                                delete message.build;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.guest = value;
                            else
                                delete message.guest;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.realtimeMs = value;
                            else
                                delete message.realtimeMs;
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
        snapshot.Trailer = (function() {
            const Trailer = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };
            Trailer.prototype.parts = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Trailer.prototype.checksum = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Trailer.prototype.ticks = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Trailer.prototype.virtualNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Trailer.prototype.stateDigest = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Trailer.prototype.memoryDigest = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Trailer.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.parts != null && $Object.hasOwnProperty.call(message, "parts") && (typeof message.parts === "object" ? message.parts.low || message.parts.high : message.parts !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.parts);
                if (message.checksum != null && $Object.hasOwnProperty.call(message, "checksum") && (typeof message.checksum === "object" ? message.checksum.low || message.checksum.high : message.checksum !== 0))
                    writer.uint32(/* id 2, wireType 1 =*/17).fixed64(message.checksum);
                if (message.ticks != null && $Object.hasOwnProperty.call(message, "ticks") && (typeof message.ticks === "object" ? message.ticks.low || message.ticks.high : message.ticks !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.ticks);
                if (message.virtualNs != null && $Object.hasOwnProperty.call(message, "virtualNs") && (typeof message.virtualNs === "object" ? message.virtualNs.low || message.virtualNs.high : message.virtualNs !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.virtualNs);
                if (message.stateDigest != null && $Object.hasOwnProperty.call(message, "stateDigest") && (typeof message.stateDigest === "object" ? message.stateDigest.low || message.stateDigest.high : message.stateDigest !== 0))
                    writer.uint32(/* id 5, wireType 1 =*/41).fixed64(message.stateDigest);
                if (message.memoryDigest != null && $Object.hasOwnProperty.call(message, "memoryDigest") && (typeof message.memoryDigest === "object" ? message.memoryDigest.low || message.memoryDigest.high : message.memoryDigest !== 0))
                    writer.uint32(/* id 6, wireType 1 =*/49).fixed64(message.memoryDigest);
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
                message = _target || new $root.vmft.snapshot.Trailer();
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
                                message.parts = value;
                            else
                                delete message.parts;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.checksum = value;
                            else
                                delete message.checksum;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.ticks = value;
                            else
                                delete message.ticks;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.virtualNs = value;
                            else
                                delete message.virtualNs;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.stateDigest = value;
                            else
                                delete message.stateDigest;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.memoryDigest = value;
                            else
                                delete message.memoryDigest;
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
        return snapshot;
    })();
    return vmft;
})();
