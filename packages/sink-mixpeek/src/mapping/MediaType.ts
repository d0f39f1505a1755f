/**
 * Which of Mixpeek's types a file has, from its media type.
 */
import type { FieldType } from "../client/Wire.ts"

/**
 * The families of the API's own connections: image JPEG/PNG/WebP/BMP/TIFF/GIF, video MP4/MOV/WebM/AVI/MKV, audio
 * MP3/WAV/FLAC/AAC/OGG, text TXT/MD/HTML/XML, pdf, excel XLSX/XLS/CSV. GIF is an image here (its first frame). JSON is
 * text, as is every other `text/*`.
 */
const table: { readonly [mediaType: string]: FieldType } = {
  "application/pdf": "pdf",
  "image/jpeg": "image",
  "image/png": "image",
  "image/webp": "image",
  "image/bmp": "image",
  "image/x-ms-bmp": "image",
  "image/tiff": "image",
  "image/gif": "image",
  "video/mp4": "video",
  "video/quicktime": "video",
  "video/webm": "video",
  "video/x-msvideo": "video",
  "video/x-matroska": "video",
  "video/matroska": "video",
  "audio/mpeg": "audio",
  "audio/wav": "audio",
  "audio/wave": "audio",
  "audio/x-wav": "audio",
  "audio/vnd.wave": "audio",
  "audio/flac": "audio",
  "audio/x-flac": "audio",
  "audio/aac": "audio",
  "audio/ogg": "audio",
  "text/csv": "excel",
  "application/csv": "excel",
  "application/vnd.ms-excel": "excel",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "excel",
  "application/xml": "text",
  "application/xhtml+xml": "text",
  "application/json": "text",
  "application/x-ndjson": "text"
}

/** The type of a media type (lower case, without parameters); `undefined` where it has no home, as DOCX and PPTX. */
export const typeOf = (mediaType: string): FieldType | undefined =>
  table[mediaType] ??
  (mediaType.startsWith("text/") || /^application\/[^/]+\+json$/.test(mediaType) ? "text" : undefined)

/** Every type the table can give. */
export const types: ReadonlyArray<FieldType> = [...new Set(Object.values(table))]
