/**
 * Smaller PNG files of screenshots: few colours by a palette, compressed as well as zlib can.
 * @see https://www.w3.org/TR/png-3/
 */
import assert from 'node:assert/strict'
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const mostColours = 256

/** @param png 8 bits of each of red, green, blue and perhaps alpha, which is left out; not interlaced */
export function smaller(png: Buffer): Buffer {
  const { width, height, channels, data } = read(png)
  const pixels = unfilter(data, width, height, channels)
  const { palette, indices } = reduce(pixels, channels)
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++)
    Buffer.from(indices.buffer, y * width, width).copy(rows, y * (width + 1) + 1)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  header[9] = 3
  const parts = [chunk('IHDR', header), chunk('PLTE', palette)]
  return Buffer.concat([
    signature,
    ...parts,
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function read(png: Buffer) {
  assert.deepEqual(png.subarray(0, 8), signature)
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const channels = png[25] === 6 ? 4 : 3
  const pieces: Buffer[] = []
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') pieces.push(png.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  return { width, height, channels, data: inflateSync(Buffer.concat(pieces)) }
}

function unfilter(data: Buffer, width: number, height: number, channels: number): Uint8Array {
  const stride = width * channels
  const out = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)] ?? 0
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x
      const left = x >= channels ? (out[at - channels] ?? 0) : 0
      const up = y > 0 ? (out[at - stride] ?? 0) : 0
      const corner = x >= channels && y > 0 ? (out[at - stride - channels] ?? 0) : 0
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0
      out[at] = (data[y * (stride + 1) + 1 + x] ?? 0) + guess
    }
  }
  return out
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const [a, b, c] = [left, up, corner].map((one) => Math.abs(estimate - one))
  if (a === undefined || b === undefined || c === undefined) return left
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** The most frequent colours, and for every pixel the nearest of them. */
function reduce(pixels: Uint8Array, channels: number): { palette: Buffer; indices: Uint8Array } {
  const counts = new Map<number, number>()
  const colours = new Uint32Array(pixels.length / channels)
  for (let at = 0; at < colours.length; at++) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(at * channels, at * channels + 3)
    const colour = (red << 16) | (green << 8) | blue
    colours[at] = colour
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const kept = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostColours)
    .map(([colour]) => colour)
  const nearest = new Map([...counts.keys()].map((colour) => [colour, nearestOf(colour, kept)]))
  const palette = Buffer.from(kept.flatMap((colour) => parts(colour)))
  return { palette, indices: Uint8Array.from(colours, (colour) => nearest.get(colour) ?? 0) }
}

function nearestOf(colour: number, kept: readonly number[]): number {
  const wanted = parts(colour)
  const distances = kept.map((one) =>
    parts(one).reduce((sum, part, at) => sum + (part - (wanted[at] ?? 0)) ** 2, 0),
  )
  return distances.indexOf(Math.min(...distances))
}

const parts = (colour: number) => [colour >> 16, (colour >> 8) & 255, colour & 255]

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
