// The published schema of manifests, as recsys/export/manifest.schema.json has it (a test compares the two).
export default {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Manifest of a Greenlight export bundle",
  "description": "What the bundle is, what it was made from, and every file in it. The digest is the SHA-256 of the manifest's own bytes with the digest's 64 digits replaced by zeros.",
  "type": "object",
  "additionalProperties": false,
  "required": ["schema", "name", "version", "sequence", "bundle", "created", "run", "model", "model_id", "data_fingerprint", "simulated", "dim", "dtype", "metric", "normalised", "quantisation", "counts", "sizes", "minimum_client", "history", "golden", "parity", "files", "deltas", "digest"],
  "properties": {
    "schema": {"const": 2, "description": "Version of this schema. A reader refuses a number that it does not know."},
    "name": {"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$(?!\\n)", "description": "Channel that the bundle belongs to: the folder that holds its versions."},
    "version": {"type": "string", "pattern": "^[1-9][0-9]*-[0-9a-f]{12}$(?!\\n)", "description": "Sequence number, dash, first digits of the bundle id. Versions are compared by the sequence number."},
    "sequence": {"type": "integer", "minimum": 1, "maximum": 2147483647, "description": "Grows by at least one with every version of a channel."},
    "bundle": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\n)", "description": "SHA-256 over everything the bundle was made from. The same model, catalogue and options give the same id. Every file that can carry it does."},
    "created": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$(?!\\n)", "description": "When the model in it was trained (UTC)."},
    "run": {"type": "string", "minLength": 1},
    "model": {"const": "two_tower"},
    "model_id": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\n)", "description": "SHA-256 over the trained weights, before quantisation."},
    "data_fingerprint": {"type": "string", "description": "Fingerprint of the tables that the model was trained on."},
    "simulated": {"type": "boolean", "description": "The tables come from a simulated service."},
    "dim": {"type": "integer", "minimum": 1, "description": "Width of a vector."},
    "dtype": {"enum": ["float32", "float16", "uint8"], "description": "How vectors are stored. All files of a bundle hold the same vectors."},
    "metric": {"const": "dot", "description": "A score is the product of a user's vector and a movie's."},
    "normalised": {"type": "boolean", "description": "Every movie's vector has length 1."},
    "quantisation": {
      "type": ["object", "null"],
      "additionalProperties": false,
      "required": ["scheme", "recall_at_20", "recall_loss_at_20", "recall_loss_limit", "n_histories"],
      "properties": {
        "scheme": {"enum": ["float16", "uint8-per-row"]},
        "recall_at_20": {"type": "number", "minimum": 0, "maximum": 1, "description": "Share of the float32 model's top 20 that is kept, over random histories."},
        "recall_loss_at_20": {"type": "number", "minimum": 0, "maximum": 1},
        "recall_loss_limit": {"type": "number", "minimum": 0, "maximum": 1},
        "n_histories": {"type": "integer", "minimum": 1}
      }
    },
    "counts": {
      "type": "object",
      "additionalProperties": false,
      "required": ["movies", "users"],
      "properties": {
        "movies": {"type": "integer", "minimum": 1},
        "users": {"type": "integer", "minimum": 0, "description": "0 unless user vectors were asked for; they are then pseudonymised."}
      }
    },
    "sizes": {
      "type": "object",
      "additionalProperties": false,
      "required": ["phone", "all", "vectors", "vectors_float32"],
      "description": "Bytes, without the manifest.",
      "properties": {
        "phone": {"type": "integer", "minimum": 0, "description": "What a phone downloads that has nothing yet."},
        "all": {"type": "integer", "minimum": 0},
        "vectors": {"type": "integer", "minimum": 1, "description": "The movies' vectors as they are stored."},
        "vectors_float32": {"type": "integer", "minimum": 1, "description": "The same vectors, four bytes a number."}
      }
    },
    "minimum_client": {"type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+$(?!\\n)"},
    "history": {"const": "set", "description": "A watch history is a set: order and repeats do not matter."},
    "golden": {
      "type": "object",
      "additionalProperties": false,
      "required": ["file", "cases", "top", "relative_tolerance"],
      "properties": {
        "file": {"const": "golden.json"},
        "cases": {"type": "integer", "minimum": 1},
        "top": {"type": "integer", "minimum": 1},
        "relative_tolerance": {"type": "number", "minimum": 0, "maximum": 0.001}
      }
    },
    "parity": {
      "type": "object",
      "additionalProperties": false,
      "required": ["n_histories", "max_relative_error", "same_top"],
      "description": "The graphs, run by TensorFlow at export, against the bundle's arithmetic in NumPy.",
      "properties": {
        "n_histories": {"type": "integer", "minimum": 1},
        "max_relative_error": {"type": "number", "minimum": 0},
        "same_top": {"type": "number", "minimum": 0, "maximum": 1, "description": "Share of histories with the same top list, ties aside."}
      }
    },
    "files": {
      "type": "object",
      "propertyNames": {"pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\\.(json|bin|parquet|safetensors)$(?!\\n)"},
      "additionalProperties": {
        "type": "object",
        "additionalProperties": false,
        "required": ["bytes", "sha256", "phone"],
        "properties": {
          "bytes": {"type": "integer", "minimum": 0},
          "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\n)"},
          "phone": {"type": "boolean", "description": "A phone that has nothing yet needs it; the rest is for backends, for checking, or a delta."},
          "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
          "dtype": {"enum": ["float32", "float16", "uint8"]},
          "columns": {
            "type": "array",
            "description": "Columns of a Parquet file, in order, with their Arrow types.",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": ["name", "type", "description"],
              "properties": {
                "name": {"type": "string", "minLength": 1},
                "type": {"type": "string", "minLength": 1},
                "description": {"type": "string"}
              }
            }
          }
        }
      }
    },
    "deltas": {
      "type": "array",
      "description": "Ways from an earlier version to this one that are much shorter than a download of the files that they rebuild.",
      "items": {
        "type": "object",
        "additionalProperties": false,
        "required": ["from", "folder", "bytes", "rebuilds", "rows"],
        "properties": {
          "from": {"type": "string", "pattern": "^[1-9][0-9]*-[0-9a-f]{12}$(?!\\n)", "description": "Version that the receiver has."},
          "folder": {"type": "string", "pattern": "^delta-from-[1-9][0-9]*-[0-9a-f]{12}$(?!\\n)", "description": "Holds delta.json and delta.bin, both listed among the files."},
          "bytes": {"type": "integer", "minimum": 1, "description": "Of the two together."},
          "rebuilds": {"type": "array", "items": {"type": "string"}, "description": "Files that the receiver makes from its own and the delta; each must then have the bytes and the checksum that the manifest lists."},
          "rows": {
            "type": "object",
            "additionalProperties": false,
            "required": ["added", "removed", "changed"],
            "properties": {
              "added": {"type": "integer", "minimum": 0},
              "removed": {"type": "integer", "minimum": 0},
              "changed": {"type": "integer", "minimum": 0, "description": "Movies that stay and of which a vector or the title differs."}
            }
          }
        }
      }
    },
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\n)"}
  }
};
