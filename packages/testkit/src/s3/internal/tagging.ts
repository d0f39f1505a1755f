/** Tags of objects, and the restoration of archived ones. */
import { Schema } from "effect"
import { type Answer, empty, type Work, xml } from "./answer.ts"
import { findVersion, isArchived, versionHeader } from "./reading.ts"
import { Refusal } from "./refusal.ts"
import { element, readXml } from "./xml.ts"

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export const getObjectTagging = (work: Work): Answer => {
  const version = findVersion(work)
  const tags = version.tags.map(([key, value]) => `<Tag>${element("Key", key)}${element("Value", value)}</Tag>`)
  return xml("Tagging", `<TagSet>${tags.join("")}</TagSet>`, versionHeader(work.bucket, version))
}

const readTagging = readXml(
  Schema.Struct({
    Tagging: Schema.Struct({
      TagSet: Schema.Union([
        Schema.Struct({ Tag: Schema.Array(Schema.Struct({ Key: Schema.NonEmptyString, Value: Schema.String })) }),
        Schema.String
      ])
    })
  })
)

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export const putObjectTagging = (work: Work): Answer => {
  const version = findVersion(work)
  const set = readTagging(work.payload.bytes).Tagging.TagSet
  // An empty element is read as its text.
  version.tags = typeof set === "string" ? [] : set.Tag.map((tag) => [tag.Key, tag.Value] as const)
  return empty(200, versionHeader(work.bucket, version))
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export const deleteObjectTagging = (work: Work): Answer => {
  const version = findVersion(work)
  version.tags = []
  return empty(204, versionHeader(work.bucket, version))
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html: the restoration goes on until the test
 * completes it.
 */
export const restoreObject = (work: Work): Answer => {
  const version = findVersion(work)
  if (!isArchived(version)) {
    throw new Refusal("InvalidObjectState", {
      message: "Restore is not allowed for the object's current storage class",
      elements: { StorageClass: version.storageClass }
    })
  }
  if (version.restoration?.ongoing === true) throw new Refusal("RestoreAlreadyInProgress")
  if (version.restoration !== undefined) return empty(200)
  version.restoration = { ongoing: true }
  return empty(202)
}
