/** Operations on buckets, and the list of them. */
import { Schema } from "effect"
import { type Answer, empty, ownerElement, type Work, xml } from "./answer.ts"
import { Refusal } from "./refusal.ts"
import type { S3Request } from "./request.ts"
import { makeBucket, type Store } from "./store.ts"
import { element, readXml } from "./xml.ts"

export const listBuckets = (store: Store): Answer => {
  const buckets = [...store.buckets.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (bucket) =>
        `<Bucket>${element("Name", bucket.name)}${element("CreationDate", new Date(bucket.createdAt).toISOString())}</Bucket>`
    )
  return xml("ListAllMyBucketsResult", `${ownerElement("Owner")}<Buckets>${buckets.join("")}</Buckets>`)
}

export const headBucket = (work: Work): Answer => empty(200, { "x-amz-bucket-region": work.bucket.region })

/** `us-east-1` is the empty constraint, for reasons of age. */
export const getBucketLocation = (work: Work): Answer => {
  const { region } = work.bucket
  return xml("LocationConstraint", region === "us-east-1" ? "" : region)
}

export const getBucketVersioning = (work: Work): Answer => {
  const { versioning } = work.bucket
  return xml("VersioningConfiguration", versioning === "Unversioned" ? "" : element("Status", versioning))
}

const readVersioning = readXml(
  Schema.Struct({ VersioningConfiguration: Schema.Struct({ Status: Schema.Literals(["Enabled", "Suspended"]) }) })
)

export const putBucketVersioning = (work: Work): Answer => {
  work.bucket.versioning = readVersioning(work.payload.bytes).VersioningConfiguration.Status
  return empty(200)
}

const readConstraint = readXml(
  Schema.Struct({
    CreateBucketConfiguration: Schema.Union([
      Schema.Struct({ LocationConstraint: Schema.optionalKey(Schema.String) }),
      Schema.String
    ])
  })
)

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

export const createBucket = (store: Store, request: S3Request, body: Uint8Array, region: string): Answer => {
  if (!bucketName.test(request.bucket)) {
    throw new Refusal("InvalidBucketName", { elements: { BucketName: request.bucket } })
  }
  if (store.buckets.has(request.bucket)) {
    throw new Refusal("BucketAlreadyOwnedByYou", { elements: { BucketName: request.bucket } })
  }
  const constraint = body.byteLength === 0 ? "" : readConstraint(body).CreateBucketConfiguration
  const wanted = typeof constraint === "string" ? undefined : constraint.LocationConstraint
  store.buckets.set(
    request.bucket,
    makeBucket(request.bucket, wanted ?? region, request.now, {
      requesterPays: false,
      public: false,
      versioning: false
    })
  )
  return empty(200, { location: `/${request.bucket}` })
}

export const deleteBucket = (work: Work): Answer => {
  const { bucket, store } = work
  if (bucket.objects.size > 0 || bucket.pretended !== undefined) {
    throw new Refusal("BucketNotEmpty", { elements: { BucketName: bucket.name } })
  }
  store.buckets.delete(bucket.name)
  return empty(204)
}
