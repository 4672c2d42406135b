//! Geometries of GeoJSON (RFC 7946 §3.1).

use serde_json::Value as Json;

/// What is wrong with a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is none.
    Shape,
    /// Latitude stands first.
    Swapped,
}

/// How deep positions lie in a geometry's coordinates.
fn depth(kind: &str) -> Option<usize> {
    Some(match kind {
        "Point" => 0,
        "MultiPoint" | "LineString" => 1,
        "MultiLineString" | "Polygon" => 2,
        "MultiPolygon" => 3,
        _ => return None,
    })
}

/// What is wrong with `geometry`, if anything. JSON is nested 128 levels at most.
pub(super) fn fault(geometry: &Json) -> Option<Fault> {
    let Some(kind) = geometry.get("type").and_then(Json::as_str) else {
        return Some(Fault::Shape);
    };
    if kind == "GeometryCollection" {
        let Some(all) = geometry.get("geometries").and_then(Json::as_array) else {
            return Some(Fault::Shape);
        };
        return all.iter().find_map(fault);
    }
    match (depth(kind), geometry.get("coordinates")) {
        (Some(depth), Some(coordinates)) => positions(coordinates, depth),
        _ => Some(Fault::Shape),
    }
}

fn positions(coordinates: &Json, depth: usize) -> Option<Fault> {
    let Some(list) = coordinates.as_array() else {
        return Some(Fault::Shape);
    };
    if depth > 0 {
        return list.iter().find_map(|inner| positions(inner, depth - 1));
    }
    let numbers: Option<Vec<f64>> = list.iter().map(Json::as_f64).collect();
    match numbers.as_deref() {
        Some([longitude, latitude] | [longitude, latitude, _]) => {
            if longitude.abs() <= 180.0 && latitude.abs() <= 90.0 {
                None
            } else if longitude.abs() <= 90.0 && latitude.abs() <= 180.0 {
                Some(Fault::Swapped)
            } else {
                Some(Fault::Shape)
            }
        }
        _ => Some(Fault::Shape),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value as Json, json};

    use super::{Fault, fault};

    #[rstest]
    #[case(json!({"type": "Point", "coordinates": [136.97, 37.04]}), None)]
    #[case(json!({"type": "Point", "coordinates": [136.97, 37.04, 4.2]}), None)]
    #[case(json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}), None)]
    #[case(json!({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [0, 0]}]}), None)]
    #[case(json!({"type": "Point", "coordinates": [37.04, 136.97]}), Some(Fault::Swapped))]
    #[case(json!({"type": "Point", "coordinates": ["136.97", "37.04"]}), Some(Fault::Shape))]
    #[case(json!({"type": "Point", "coordinates": [[0, 0]]}), Some(Fault::Shape))]
    #[case(json!({"type": "Point", "coordinates": [400, 500]}), Some(Fault::Shape))]
    #[case(json!({"type": "Circle", "coordinates": [0, 0]}), Some(Fault::Shape))]
    #[case(json!({"type": "Point"}), Some(Fault::Shape))]
    #[case(json!({"type": "GeometryCollection", "geometries": [{"type": "Point"}]}), Some(Fault::Shape))]
    #[case(json!({}), Some(Fault::Shape))]
    fn a_geometry_is_looked_at(#[case] geometry: Json, #[case] expected: Option<Fault>) {
        assert_eq!(fault(&geometry), expected);
    }
}
